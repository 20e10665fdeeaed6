/** What can go wrong during a run, done on purpose. Needs /proc to find the processes of a run. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { defaultLimits, type Payload } from "../protocol/contract.ts";
import { until } from "../protocol/testing.ts";
import { encodeFrame, FrameParser } from "../protocol/wires/frame.ts";
import { isAlive, RunningCli, temporaryFolder } from "./running-cli.ts";

/** Long enough that only the fault can end it. */
const endless = ["--trials", "2", "--duration", "60s", "--warmup", "50ms"];
const brief = ["--trials", "1", "--duration", "200ms", "--warmup", "50ms"];

/** A whole run on a machine that is busy with others. */
const runMsMax = 60_000;

/** Starts a run of one scenario and waits until its trial's processes are at work. */
async function running(args: readonly string[], out: string): Promise<{ cli: RunningCli; pids: number[] }> {
  const cli = new RunningCli(["run", ...args, "--out", out]);
  await cli.says(/trial 1/);
  await until(() => cli.children("generator").length > 0, runMsMax);
  return { cli, pids: cli.children() };
}

/** A TCP server of our wire that does to each message what `answer` says. */
async function tcpTarget(
  t: TestContext,
  answer: (socket: Socket, payload: Payload, nth: number) => void,
): Promise<{ target: string; server: Server }> {
  let nth = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const parser = new FrameParser(defaultLimits.payloadBytesMax, {
      message: (payload) => answer(socket, payload, ++nth),
      refusal() {},
      malformed() {},
    });
    socket.on("data", (chunk) => parser.push(chunk)).on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { target: `tcp=tcp://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}

const echo = (socket: Socket, payload: Payload): void => void socket.write(encodeFrame(payload));
/** Messages the conformance suite sends before the measurement; a fault that starts later slips past it. */
const pastConformance = 1200;

test("a server killed in mid-run fails its cells by name, keeps what was measured, and the other target goes on", async (t) => {
  using folder = temporaryFolder();
  const { target } = await tcpTarget(t, echo);
  const { cli } = await running(
    ["tcp", target, "--scenario", "echo", "--rate", "1000", ...brief, "--warmup", "0.1ms", "--duration", "3s"],
    folder.path,
  );
  const killed = await serverOf(cli);
  process.kill(killed, "SIGKILL");
  assert.equal(await cli.exitCode(), 1);
  assert.match(cli.stderr, /failed +tcp, echo: the server process ended by SIGKILL/);
  const [own, foreign] = folder.results().cells;
  assert.equal(own?.state, "failed");
  if (own?.state === "failed") {
    assert.match(own.reason, /server process ended by SIGKILL/);
    assert.deepEqual(
      own.trials.map(({ state }) => state),
      ["partial"],
    );
    assert.ok((own.trials[0]?.windows[0]?.measures.roundTripSentMessages ?? 0) > 0);
  }
  assert.equal(foreign?.state, "measured");
});

/** The server process, once a second's messages have flowed: more than before a window that is timed. */
async function serverOf(cli: RunningCli): Promise<number> {
  let pid: number | undefined;
  // The run's other cell may come first in the random order.
  await until(() => {
    [pid] = cli.children("processes/server");
    return pid !== undefined && isAlive(pid) && bytesWritten(pid) > 1000 * 256;
  }, runMsMax);
  return pid!;
}

/** 0 of a process that has ended meanwhile. */
function bytesWritten(pid: number): number {
  try {
    return Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))![1]);
  } catch {
    return 0;
  }
}

test("a load process killed in mid-run fails its cell by name", async () => {
  using folder = temporaryFolder();
  const { cli, pids } = await running(["tcp", "--scenario", "throughput", "--workers", "2", ...endless], folder.path);
  process.kill(cli.children("generator")[0]!, "SIGKILL");
  assert.equal(await cli.exitCode(), 1);
  assert.match(cli.stderr, /load generator 1 of 2 process ended by SIGKILL/);
  assert.equal(folder.results().cells[0]?.state, "failed");
  assert.deepEqual(pids.filter(isAlive), []);
});

test("a server that dies away from this machine's eyes is told by its connections", async (t) => {
  using folder = temporaryFolder();
  const { target, server } = await tcpTarget(t, (socket, payload, nth) => {
    if (nth < pastConformance + 500) echo(socket, payload);
    else {
      server.close();
      socket.destroy();
    }
  });
  const { cli } = await running([target, "--scenario", "echo", ...endless], folder.path);
  assert.equal(await cli.exitCode(), 1);
  assert.match(cli.stderr, /a connection was ended by the/);
});

// Each is found out by waiting for it.
describe("a server of others", { concurrency: 4 }, () => {
  test("a server that never answers is refused with the reason", async (t) => {
    using folder = temporaryFolder();
    const { target } = await tcpTarget(t, () => {});
    const cli = new RunningCli(["run", target, ...brief, "--out", folder.path]);
    assert.equal(await cli.exitCode(), 3);
    assert.match(cli.stderr, /refused .*"connects and stays open" .*: no message came within 5 s/);
    assert.ok(folder.results().cells.filter(({ state }) => state === "refused").length === 3);
  });

  test("a server that answers wrong bytes is refused with the reason", async (t) => {
    using folder = temporaryFolder();
    const { target } = await tcpTarget(t, (socket, payload) =>
      socket.write(encodeFrame(typeof payload === "string" ? payload.toUpperCase() : payload)),
    );
    const cli = new RunningCli(["run", target, ...brief, "--out", folder.path]);
    assert.equal(await cli.exitCode(), 3);
    assert.match(cli.stderr, /refused .*expected text of 5 characters "hello" back, got .*"HELLO"/);
  });

  test("an address where nothing listens is refused with the reason", async () => {
    using folder = temporaryFolder();
    const cli = new RunningCli(["run", "tcp=tcp://127.0.0.1:1/", ...brief, "--out", folder.path]);
    assert.equal(await cli.exitCode(), 3);
    assert.match(cli.stderr, /nothing listens at tcp:\/\/127.0.0.1:1\//);
  });

  test("a server that falls silent after the conformance suite ends in an invalid or failed result, not in a wait", async (t) => {
    using folder = temporaryFolder();
    const { target } = await tcpTarget(t, (socket, payload, nth) => {
      if (nth < pastConformance) echo(socket, payload);
    });
    const cli = new RunningCli(["run", target, "--scenario", "echo", ...brief, "--out", folder.path]);
    // It depends on the machine's speed whether the silence begins in the warm-up or in the window.
    const code = await cli.exitCode();
    const [cell] = folder.results().cells;
    if (cell?.state === "failed") {
      assert.equal(code, 1);
      assert.match(cell.reason, /no answer to any of the [0-9]+ messages of the warm-up within 10 s/);
    } else if (cell?.state === "measured") {
      assert.equal(code, 4);
      assert.equal(cell.validity.verdict, "invalid");
      assert.ok((cell.summary.censoredMessages?.value ?? 0) > 0);
    } else assert.fail(`cell is ${cell?.state}`);
  });
});

test("a server that starts to change bytes after the conformance suite is caught", async (t) => {
  using folder = temporaryFolder();
  const { target } = await tcpTarget(t, (socket, payload, nth) => {
    // So often that what is on the way at once has some of it, however short a busy machine makes the window.
    if (nth > pastConformance && nth % 50 === 0) socket.write(encodeFrame("rubbish"));
    else echo(socket, payload);
  });
  const longer = ["--duration", "1s"];
  const cli = new RunningCli(["run", target, "--scenario", "throughput", ...brief, ...longer, "--out", folder.path]);
  const code = await cli.exitCode();
  const [cell] = folder.results().cells;
  if (cell?.state !== "measured") assert.fail(`cell is ${cell?.state}`);
  const found = cell.validity.flags.filter(({ severity }) => severity === "defect");
  assert.deepEqual([code, found.map(({ code: flag }) => flag)], [0, ["corrupted-messages"]]);
  assert.deepEqual(cell.summary.lostMessages, { value: 0, low: 0, high: 0 });
  assert.ok(cell.summary.roundTripP50Us !== undefined);
});

for (const [moment, pattern] of [
  ["during conformance", /conformance/],
  ["during the first trial", /trial 1/],
] as const) {
  test(`Ctrl-C ${moment} ends with exit code 130, a readable result and no process left`, async () => {
    using folder = temporaryFolder();
    const cli = new RunningCli(["run", "tcp", ...endless, "--out", folder.path]);
    await cli.says(pattern);
    await until(() => cli.children().length > 0, runMsMax);
    const pids = cli.children();
    cli.process.kill("SIGINT");
    assert.equal(await cli.exitCode(), 130);
    assert.match(cli.stderr, /Stopping/);
    const results = folder.results();
    assert.equal(results.interrupted, true);
    assert.ok(existsSync(join(folder.path, "report.md")));
    assert.deepEqual(pids.filter(isAlive), []);
  });
}

test("Ctrl-C after the first trials keeps the cells that are measured", async () => {
  using folder = temporaryFolder();
  const cli = new RunningCli([
    "run",
    "tcp",
    "--trials",
    "50",
    "--duration",
    "100ms",
    "--warmup",
    "0.1ms",
    "--out",
    folder.path,
  ]);
  await cli.says(/trial 2/);
  cli.process.kill("SIGINT");
  assert.equal(await cli.exitCode(), 130);
  const { cells, interrupted } = folder.results();
  assert.equal(interrupted, true);
  assert.ok(
    cells.every(({ state }) => state === "measured"),
    JSON.stringify(cells.map(({ state }) => state)),
  );
});

test("a disk that is full for a while is told, and the run goes on and saves what it measured", async () => {
  using folder = temporaryFolder();
  // The file a result is first written to lands on a device that is always full; wirebench removes it after that.
  symlinkSync("/dev/full", join(folder.path, "results.json.partial"));
  const cli = new RunningCli(["run", "tcp", "--scenario", "echo", ...brief, "--out", folder.path]);
  const code = await cli.exitCode();
  assert.ok(code === 0 || code === 4, cli.stderr);
  assert.match(cli.stderr, /not saved .*ENOSPC.*trying again/);
  assert.equal(folder.results().cells[0]?.state, "measured");
});

test("a driver that is killed outright takes its processes with it", async () => {
  using folder = temporaryFolder();
  const { cli } = await running(["tcp", "--scenario", "throughput", ...endless], folder.path);
  await until(() => cli.children().length === 2, runMsMax);
  const pids = cli.children();
  cli.process.kill("SIGKILL");
  await cli.exitCode();
  await until(() => !pids.some(isAlive), runMsMax);
});

test("a frozen server is noticed and killed, not waited for", async () => {
  using folder = temporaryFolder();
  const { cli } = await running(["tcp", "--scenario", "echo", ...brief, "--duration", "2s"], folder.path);
  const server = await serverOf(cli);
  const pids = cli.children();
  process.kill(server, "SIGSTOP");
  const code = await cli.exitCode();
  assert.ok(code === 1 || code === 4, `exit code ${code}`);
  assert.deepEqual(pids.filter(isAlive), []);
});
