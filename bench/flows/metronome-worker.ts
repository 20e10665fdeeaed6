/** The thread that sleeps for the metronome: rings at the time last ordered, unless another order comes first. */
import { parentPort, workerData } from "node:worker_threads";
import { nowNs } from "../clock.ts";
import type { MetronomeMemory } from "./metronome.ts";

const { order, wakeNs } = workerData as MetronomeMemory;

for (let seen = 0; ; ) {
  Atomics.wait(order, 0, seen);
  seen = Atomics.load(order, 0);
  const leftMs = (wakeNs[0]! - nowNs()) / 1e6;
  if (leftMs <= 0 || Atomics.wait(order, 0, seen, leftMs) === "timed-out") parentPort!.postMessage(undefined);
}
