/** What tests of every folder share. */
import { setTimeout as wait } from "node:timers/promises";

/** For what no event tells: asks again and again, and rejects when it has been in vain for long. */
export async function until(condition: () => unknown, patienceMs = 20_000): Promise<void> {
  const deadlineMs = performance.now() + patienceMs;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`never came true: ${condition}`);
    await wait(10);
  }
}
