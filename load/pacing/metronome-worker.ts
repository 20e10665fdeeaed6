/** The thread that sleeps for the metronome: rings at the time last ordered, unless another order comes first. */
import { parentPort, workerData } from "node:worker_threads";
import { nowNs } from "../../protocol/clock.ts";
import type { MetronomeMemory } from "./metronome.ts";

const { order, wakeNs } = workerData as MetronomeMemory;

/**
 * `rung` is the order last rung for. Only a ring moves it on, so no order is forgotten: a notification that ends the
 * timed wait, even one that belongs to the order already seen, leads back to a wait that does not block for it.
 */
for (let rung = 0; ; ) {
  Atomics.wait(order, 0, rung);
  const seen = Atomics.load(order, 0);
  const leftMs = (wakeNs[0]! - nowNs()) / 1e6;
  if (leftMs > 0 && Atomics.wait(order, 0, seen, leftMs) !== "timed-out") continue;
  rung = seen;
  parentPort!.postMessage(undefined);
}
