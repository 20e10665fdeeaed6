/** No secret of a URL in what a run prints or writes, however it ends. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { decode, mechanisms, ScriptedServer } from "../clients/xmpp/testing.ts";
import { echoBehaviour } from "../load/behaviours/echo.ts";
import { defaultLimits } from "../protocol/contract.ts";
import { websocketServer } from "../servers/websocket.ts";
import { RunningCli, temporaryFolder } from "./running-cli.ts";

const secrets = ["Passw0rd%2Fone", "Passw0rd/one", "T0kenTwo", "S1gThree", btoa("alice:Passw0rd/one")];
const brief = ["--trials", "1", "--duration", "100ms", "--warmup", "50ms", "--scenario", "echo"];

const withSecrets = (scheme: string, port: number): string =>
  `${scheme}://alice:Passw0rd%2Fone@127.0.0.1:${port}/echo?room=1&access_token=T0kenTwo&sig=S1gThree`;

async function runLeaksNothing(target: string, states: RegExp): Promise<void> {
  using folder = temporaryFolder();
  const trace = join(folder.path, "trace.hlog");
  const cli = new RunningCli(["run", target, ...brief, "--trace", trace, "--out", folder.path]);
  await cli.exitCode();
  const [cell] = folder.results().cells;
  assert.match(cell!.state, states, cli.stderr);
  const again = new RunningCli(["report", join(folder.path, "results.json"), "--out", join(folder.path, "again")]);
  assert.equal(await again.exitCode(), 0, again.stderr);
  const files = readdirSync(folder.path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  assert.ok(files.some(({ name }) => name === "report.md"));
  const texts = files.map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name), "utf8")] as const);
  for (const [name, text] of [["stdout", cli.stdout + again.stdout], ["stderr", cli.stderr], ...texts] as const) {
    for (const secret of secrets) assert.ok(!text.includes(secret), `${secret} in ${name}`);
  }
  assert.match(folder.results().command, /alice:\*\*\*@127.*room=1&access_token=\*\*\*&sig=\*\*\*/);
}

test("a measured target's secrets are neither printed nor written, nor when the report is rendered again", async () => {
  const { behaviour } = echoBehaviour();
  const server = await websocketServer.listen({ host: "127.0.0.1", port: 0, behaviour, limits: defaultLimits });
  try {
    await runLeaksNothing(`websocket=${withSecrets("ws", Number(new URL(server.url).port))}`, /measured/);
  } finally {
    await server.close();
  }
});

test("nor where nothing listens, and the error quotes the URL", () =>
  runLeaksNothing(`websocket=${withSecrets("ws", 1)}`, /refused/));

test("nor where the server quotes in its answer what it was given", async () => {
  const target = withSecrets("http", 80);
  const server = createServer((_request, response) => {
    response.writeHead(403).end(`no: ${target} ${secrets.join(" ")} Authorization: Basic ${secrets.at(-1)}`);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await runLeaksNothing(`long-polling=${withSecrets("http", (server.address() as AddressInfo).port)}`, /refused/);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test("nor where an XMPP server quotes the login, of which each user has one of its own", async () => {
  const heard: string[] = [];
  await using server = await ScriptedServer.start(async (talk) => {
    talk.say(mechanisms("PLAIN"));
    const [, login] = await talk.hear(/<auth [^>]*>([^<]+)</);
    heard.push(decode(login));
    const text = `no: ${login} ${decode(login).replaceAll("\0", " ")} ${btoa(decode(login).slice(1))}`;
    talk.say(`<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/><text>${text}</text></failure>`);
  });
  using folder = temporaryFolder();
  const target = `xmpp=xmpp://user%d:Passw0rd%2Fone@127.0.0.1:${server.port}/?domain=localhost`;
  const cli = new RunningCli(["run", target, ...brief, "--out", folder.path]);
  await cli.exitCode();
  assert.deepEqual(heard, ["\0user0\0Passw0rd/one"]);
  const [cell] = folder.results().cells;
  assert.match(
    JSON.stringify(cell),
    /refused the login: not-authorized \(no: \*\*\* +user0 \*\*\* \*\*\*\)/,
    cli.stderr,
  );
  assert.match(folder.results().command, /xmpp:\/\/user%d:\*\*\*@127/);
  const written = readdirSync(folder.path, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  const texts = written.map(({ parentPath, name }) => readFileSync(join(parentPath, name), "utf8"));
  for (const text of [cli.stdout, cli.stderr, ...texts]) {
    for (const secret of [...secrets, btoa(heard[0]!), btoa(heard[0]!.slice(1))])
      assert.ok(!text.includes(secret), secret);
  }
});

test("nor in an error of the command line", async () => {
  const cli = new RunningCli(["run", `websocket=${withSecrets("http", 1)}`]);
  assert.equal(await cli.exitCode(), 2);
  assert.match(cli.stderr, /^wirebench: expected websocket=URL/);
  for (const secret of secrets) assert.ok(!cli.stderr.includes(secret), cli.stderr);
});
