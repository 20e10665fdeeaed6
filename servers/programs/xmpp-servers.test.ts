import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { hasProgram } from "../../bench/testing.ts";
import { until } from "../../protocol/testing.ts";
import { childrenOf } from "./children.ts";
import { converse } from "./conversation.ts";
import { ejabberd } from "./ejabberd.ts";
import { requireProgram, startProgram } from "./program.ts";
import { prosody } from "./prosody.ts";
import { isAlive } from "./testing.ts";

/** Temporary folders of these tests only. */
const temporary = mkdtempSync(join(tmpdir(), "wirebench-xmpp-servers-"));
process.env.TMPDIR = temporary;
process.on("exit", () => rmSync(temporary, { recursive: true, force: true }));

const servers = [prosody, ejabberd];

async function start(t: TestContext, program: (typeof servers)[number]) {
  const running = await startProgram(program);
  t.after(() => running.stop());
  return running;
}

/** What the server of the domain offers on a port that is not encrypted. */
const offered = (t: TestContext, address: string, domain: string): Promise<string> =>
  converse(
    { port: Number(new URL(address).port), signal: t.signal },
    `<stream:stream to='${domain}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`,
    [/<\/stream:features>/],
    /<stream:error/,
  );

for (const program of servers) {
  const { name } = program;

  test(`${name} offers what its addresses say, comes back after a kill, and leaves nothing behind`, async (t) => {
    if (!hasProgram(t, name)) return;
    const running = await start(t, program);
    const { addresses, url, pid } = running;
    const { xmpp, starttls } = addresses!;
    assert.equal(new URL(xmpp!).host, new URL(url).host);
    const plain = await offered(t, xmpp!, "127.0.0.1");
    assert.match(plain, /SCRAM-SHA-1</);
    assert.doesNotMatch(plain, /starttls/);
    const domain = new URL(starttls!).username.split("%40")[1] ?? "127.0.0.1";
    assert.match(await offered(t, starttls!, domain), /<starttls/);

    const children = childrenOf(pid!);
    await running.kill();
    await until(() => ![pid!, ...children].some(isAlive));
    await running.restart();
    await offered(t, xmpp!, "127.0.0.1");
    const processes = [running.pid!, ...childrenOf(running.pid!)];
    await running.stop();
    await until(() => !processes.some(isAlive));
    assert.deepEqual(readdirSync(temporary), []);
  });

  test(`two of ${name} run side by side, each with a password of its own`, async (t) => {
    if (!hasProgram(t, name)) return;
    const [first, second] = await Promise.all([start(t, program), start(t, program)]);
    assert.notEqual(first.url, second.url);
    assert.notEqual(new URL(first.addresses!.xmpp!).password, new URL(second.addresses!.xmpp!).password);
    await Promise.all([first.stop(), second.stop()]);
  });

  test(`${name} on a port that is taken says so`, async (t) => {
    if (!hasProgram(t, name)) return;
    // What listens there talks like an XMPP server.
    const other = createServer((socket) => socket.on("error", () => {}).end("<mechanism>SCRAM-SHA-1</mechanism>"));
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    t.after(() => other.close());
    const { port } = other.address() as { port: number };
    const options = { folder: mkdtempSync(join(temporary, "taken-")), temporary: true, port };
    await assert.rejects(program.start(requireProgram(program), options), {
      code: "component-failed",
      message: new RegExp(`^port ${port} is taken: ${name} `),
    });
    assert.deepEqual(readdirSync(temporary), []);
  });

  test(`${name} and its folder are gone when its driver is killed`, { timeout: 120_000 }, async (t) => {
    if (!hasProgram(t, name)) return;
    const urlOf = (file: string): string => JSON.stringify(pathToFileURL(join(import.meta.dirname, file)).href);
    const source = `import { startProgram } from ${urlOf("program.ts")}; import { programNamed } from ${urlOf("programs.ts")};
      console.log((await startProgram(programNamed("${name}"))).pid);`;
    const driver = spawn(process.execPath, ["--input-type=module-typescript", "--eval", source], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    t.after(() => driver.kill("SIGKILL"));
    const [said] = (await once(driver.stdout!, "data")) as [Buffer];
    const pid = Number(said.toString());
    const processes = [pid, ...childrenOf(pid)];
    assert.ok(processes.every(isAlive));
    driver.kill("SIGKILL");
    await until(() => !processes.some(isAlive) && readdirSync(temporary).length === 0);
  });

  test(`the configuration of ${name} as a report shows it has every port and no secret`, () => {
    const { configuration } = program;
    assert.match(configuration, /PORT1/);
    assert.match(configuration, /PORT5/);
    assert.doesNotMatch(configuration, /undefined|password:|BEGIN/);
  });
}
