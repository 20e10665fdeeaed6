import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ask, parseCsv, setServerState, showInfo, showProcesses, showStatus } from "./runtime.ts";

/** A socket that takes one line and does with it whatever the test says. */
async function answering(t: TestContext, answer: (socket: Socket, command: string) => void): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "wirebench-runtime-"));
  const path = join(folder, "runtime.sock");
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket.on("error", () => {}));
    socket.once("data", (data) => answer(socket, String(data)));
  }).listen(path);
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  await once(server, "listening");
  return path;
}

const saying = (t: TestContext, text: string): Promise<string> => answering(t, (socket) => socket.end(text));

test("fields are found by their names, wherever they stand and whatever is quoted", async (t) => {
  const header = "# pxname,svname,check_status,stot,scur,status,last_chk,";
  const path = await saying(
    t,
    [
      header,
      'nodes,node-1,* L7OK,12,3,UP 1/2,"answered ""200"", fine",',
      "nodes,node-2,L7STS,4,0,DOWN 1/2,,",
      "nodes,node-3,,0,0,MAINT,,",
      "\n",
    ].join("\n"),
  );
  assert.deepEqual(await showStatus(path), [
    { name: "node-1", status: "UP", sessions: 3, sessionsTotal: 12, check: "L7OK" },
    { name: "node-2", status: "DOWN", sessions: 0, sessionsTotal: 4, check: "L7STS" },
    { name: "node-3", status: "MAINT", sessions: 0, sessionsTotal: 0, check: "" },
  ]);
});

test("quoted fields may hold commas and quotes", () => {
  assert.deepEqual(parseCsv('# a,b,c\n1,"x, ""y""",\n,,3\n'), [
    { a: "1", b: 'x, "y"', c: "" },
    { a: "", b: "", c: "3" },
  ]);
  assert.deepEqual(parseCsv(""), []);
});

test("processes are told apart: master, workers, old workers", async (t) => {
  const path = await saying(
    t,
    `#<PID>  <type>  <reloads>  <uptime>  <version>
10  master  2 [failed: 0]  0d00h00m01s  2.6.12
# workers
13  worker  0  0d00h00m00s  2.6.12
# old workers
12  worker  1  0d00h00m01s  2.6.12
11  worker  2  0d00h00m01s  2.6.12
# programs

`,
  );
  assert.deepEqual(await showProcesses(path), { master: 10, workers: [13], oldWorkers: [12, 11] });
});

test("what HAProxy refuses is an error in its words", async (t) => {
  const commands: string[] = [];
  const path = await answering(t, (socket, command) => {
    commands.push(command);
    socket.end("No such server.\n\n");
  });
  await assert.rejects(setServerState(path, "node-9", "maint"), {
    code: "component-failed",
    message: 'haproxy refused "set server nodes/node-9 state maint": No such server.',
  });
  assert.deepEqual(commands, ["set server nodes/node-9 state maint\n"]);
});

test("an answer that is none is an error", async (t) => {
  await assert.rejects(showInfo(await saying(t, "Unknown command\n")), {
    code: "component-failed",
    message: /Unknown/,
  });
});

const faults: Record<string, { answer: (socket: Socket) => void; withinMs: number; message: RegExp }> = {
  "says nothing": { answer: () => {}, withinMs: 50, message: /no answer in 50 ms/ },
  "hangs up": { answer: (socket) => socket.destroy(), withinMs: 60_000, message: /ECONNRESET|closed without/ },
};
for (const [fault, { answer, withinMs, message }] of Object.entries(faults)) {
  test(`a peer that ${fault} is an error, not a wait without end`, async (t) => {
    const path = await answering(t, answer);
    await assert.rejects(ask(path, "show info", withinMs), { code: "component-failed", message });
  });
}

test("an answer without end is cut off", async (t) => {
  const path = await answering(t, (socket) => {
    const block = "x".repeat(1024 * 1024);
    const more = (): void => void (socket.writable && socket.write(block, more));
    more();
  });
  await assert.rejects(ask(path, "show sess", 60_000), { code: "component-failed", message: /more than \d+ bytes/ });
});

test("a socket nobody listens at is an error", async () => {
  await assert.rejects(ask(join(tmpdir(), "wirebench-nobody.sock"), "show info"), { code: "component-failed" });
});
