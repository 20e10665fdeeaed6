import { LatencyHistogram } from "../recording/latency.ts";
import { middleNs, type WindowOrder } from "./window.ts";

/** Service times of a window, its halves apart so that a drift shows; each message is recorded once. */
export class ServiceTimes {
  readonly #early = new LatencyHistogram();
  readonly #late = new LatencyHistogram();
  readonly #middleNs: number;

  constructor(window: WindowOrder) {
    this.#middleNs = middleNs(window);
  }

  record(scheduledNs: number, delayNs: number): void {
    (scheduledNs < this.#middleNs ? this.#early : this.#late).record(delayNs);
  }

  /** The whole window and its first half, as a flow record holds them. */
  encode(): { service: string; earlyService: string } {
    const whole = new LatencyHistogram();
    whole.add(this.#early);
    whole.add(this.#late);
    return { service: whole.encode(), earlyService: this.#early.encode() };
  }
}
