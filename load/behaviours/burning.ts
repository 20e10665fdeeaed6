import { nowNs } from "../../protocol/clock.ts";

export interface BurnOrder {
  /** CPU time of each spin: by the thread's own clock of CPU time, so that a busy machine makes it no less. */
  readonly burnMs: number;
  readonly everyMs: number;
}

/** Has this thread spin now and then until `endNs`. */
export function burn({ burnMs, everyMs }: BurnOrder, endNs: number): void {
  const spin = (): void => {
    const startUs = threadCpuUs();
    while (threadCpuUs() - startUs < burnMs * 1000);
    if (nowNs() < endNs) setTimeout(spin, everyMs);
  };
  spin();
}

function threadCpuUs(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}
