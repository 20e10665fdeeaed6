/** On real processes. Needs /proc. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { nowNs } from "../../../protocol/clock.ts";
import { CpuMeter } from "./cpu-meter.ts";
import { cpuTime, memoryBytes, parentOf, processTree, residentBytes } from "./process-use.ts";

const noSuchPid = 2 ** 22 + 1;

/** A process that runs `code`, which answers each message of its parent. */
function child(t: TestContext, code: string): { process: ChildProcess; pid: number; ask(): Promise<unknown> } {
  const process = spawn(globalThis.process.execPath, ["-e", code], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  t.after(() => process.kill("SIGKILL"));
  const ask = async (): Promise<unknown> => {
    process.send(0);
    return (await once(process, "message"))[0];
  };
  return { process, pid: process.pid!, ask };
}

const burnsUs = 200_000;
/** Says how much CPU time it has used before it burns more, and after. */
const burns = `process.on("message", () => {
  const usedUs = () => process.cpuUsage().user + process.cpuUsage().system;
  const before = usedUs();
  while (usedUs() - before < ${burnsUs});
  process.send([before, usedUs()]);
});`;
/** A thread that is running may be up to one timer interrupt behind, and where ticks are counted, one of them too. */
const behindUs = 20_000;

test("a process's CPU time agrees with what it says itself, before and after", async (t) => {
  const { pid, ask } = child(t, burns);
  const [, after] = (await ask()) as [number, number];
  const { cpuUs, source } = cpuTime(pid)!;
  const [next] = (await ask()) as [number, number];
  assert.ok(["schedstat", "stat"].includes(source));
  assert.ok(cpuUs > after - behindUs && cpuUs < next + behindUs, `${cpuUs} us seen, ${after} to ${next} us told`);
});

test("a meter sees what was used since its first instant and not what was before", async (t) => {
  const { pid, ask } = child(t, burns);
  await ask();
  const before = cpuTime(pid)!.cpuUs;
  const startNs = nowNs();
  const meter = new CpuMeter([pid], { startNs, endNs: startNs + 10e6 });
  await meter.ended;
  await ask();
  const whole = cpuTime(pid)!.cpuUs;
  // Cut short: read up to now. Its first sample is taken by a timer, as is that of the one that has ended after it.
  const open = new CpuMeter([pid], { startNs: 0, endNs: startNs + 3600e9 });
  await new CpuMeter([pid], { startNs: 0, endNs: 0 }).ended;
  await ask();
  const seen = open.read()!.cpuUs;
  assert.ok(meter.read()!.cpuUs < before, "the first burn is not in it");
  assert.ok(seen > burnsUs - behindUs && seen < whole, `${seen} us`);
});

test("memory grows by what a process fills", async (t) => {
  const filled = 64 * 2 ** 20;
  const code = `let kept; process.on("message", () => { kept = Buffer.alloc(kept ? ${filled} : 1, 1); process.send(0); });`;
  const { pid, ask } = child(t, code);
  await ask();
  const before = memoryBytes(pid)!;
  await ask();
  const grown = memoryBytes(pid)! - before;
  assert.ok(Math.abs(grown / filled - 1) < 0.1, `${grown} bytes more`);
  assert.ok(residentBytes(pid)! > memoryBytes(pid)!);
});

test("a tree has what a process started, and what that started", async (t) => {
  const { pid, ask } = child(
    t,
    `const { spawn } = require("node:child_process");
    const inner = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"], { stdio: "ignore" });
    process.on("exit", () => inner.kill());
    process.on("disconnect", () => process.exit());
    process.on("message", () => process.send(inner.pid));`,
  );
  const inner = Number(await ask());
  t.after(() => process.kill(inner, "SIGKILL"));
  assert.deepEqual(new Set(processTree(pid)), new Set([pid, inner]));
  assert.equal(parentOf(inner), pid);
});

test("the tree of whoever started this process ends where this process begins", async (t) => {
  const { pid } = child(t, "setInterval(() => {}, 1e6)");
  const tree = processTree(process.ppid);
  assert.ok(tree.includes(process.ppid));
  assert.ok(!tree.includes(process.pid) && !tree.includes(pid));
  assert.deepEqual(processTree(process.pid), [process.pid]);
});

test("of a process that does not exist nothing is known", () => {
  assert.equal(cpuTime(noSuchPid), undefined);
  assert.equal(memoryBytes(noSuchPid), undefined);
  assert.equal(parentOf(noSuchPid), undefined);
  assert.equal(new CpuMeter([noSuchPid], { startNs: 0, endNs: 1 }).read(), undefined);
});
