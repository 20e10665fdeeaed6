import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { platform } from "node:os";
import { type TestContext, test } from "node:test";
import { Worker } from "node:worker_threads";
import { WorkMeter } from "./work-meter.ts";

const skip = platform() === "linux" ? false : "nothing is known off Linux";

/** Writes a line for each it reads. */
async function echoing(t: TestContext) {
  const child = spawn(process.execPath, ["-e", "process.stdin.on('data', (d) => process.stdout.write(d))"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const call = async (): Promise<void> => {
    child.stdin.write("a\n");
    await once(child.stdout, "data");
  };
  await call();
  return { pid: child.pid!, call };
}

test("a process is woken up by what comes one by one, and that takes CPU time", { skip }, async (t) => {
  const { pid, call } = await echoing(t);
  const meter = new WorkMeter(() => ({ own: [pid], none: [undefined] }));
  const calls = 50;
  const { of, ms, result } = await meter.during(async () => {
    for (let index = 0; index < calls; index++) await call();
    return "done";
  });
  assert.equal(result, "done");
  assert.ok(ms > 0);
  assert.deepEqual(Object.keys(of), ["own"], "a group without a process is absent");
  assert.ok(of.own!.cpuUs > 0);
  // On a crowded machine the next call may be there before it gets to sleep.
  assert.ok(of.own!.wakeUps > 0 && of.own!.waitedUs >= 0);
});

test("a thread that ends takes nothing with it", { skip }, async () => {
  const busy =
    "const end = Date.now() + 60; while (Date.now() < end); require('worker_threads').parentPort.once('message', () => process.exit())";
  const worker = new Worker(busy, { eval: true });
  await once(worker, "online");
  const meter = new WorkMeter(() => ({ own: [process.pid] }));
  // The thread worked before the first look, and is gone at the second: its time must not be taken off.
  await new Promise((resolve) => setTimeout(resolve, 80));
  const { of } = await meter.during(async () => {
    worker.postMessage("end");
    await once(worker, "exit");
  });
  assert.ok(of.own!.cpuUs >= 0 && of.own!.wakeUps >= 0);
});
