import { WirebenchError } from "../../protocol/errors.ts";
import type { ChannelUsersSeries, SeriesOrder } from "./channel-users-api.ts";
import { EventGrid } from "./event-grid.ts";

const valuesMax = 100_000;

/** What happened when, for the time series: to a millisecond, for an hour. */
export class Timelines {
  readonly #originNs: number;
  readonly #connected: EventGrid;
  readonly #deliveries: EventGrid;
  readonly #attempts: EventGrid;

  /** Nobody is connected before `originNs`. */
  constructor(originNs: number) {
    this.#originNs = originNs;
    this.#connected = new EventGrid(originNs);
    this.#deliveries = new EventGrid(originNs);
    this.#attempts = new EventGrid(originNs);
  }

  connected(atNs: number): void {
    this.#connected.add(atNs);
  }

  disconnected(atNs: number): void {
    this.#connected.add(atNs, -1);
  }

  delivered(atNs: number): void {
    this.#deliveries.add(atNs);
  }

  attempted(atNs: number): void {
    this.#attempts.add(atNs);
  }

  /** Whole steps only. Throws `usage` for more than 100,000 of them. */
  read({ startNs, endNs, stepMs }: SeriesOrder): ChannelUsersSeries {
    const stepNs = stepMs * 1e6;
    const steps = Math.max(0, Math.floor((endNs - startNs) / stepNs));
    if (!(stepMs >= 1) || steps > valuesMax) {
      throw new WirebenchError(
        "usage",
        `expected steps of 1 ms or more and at most ${valuesMax} of them, got ${steps}`,
      );
    }
    const series: ChannelUsersSeries = { connectedUsers: [], deliveriesPerSecond: [], attemptsPerSecond: [] };
    let connected = this.#connected.sum(this.#originNs, startNs);
    for (let step = 0; step < steps; step++) {
      const fromNs = startNs + step * stepNs;
      const toNs = startNs + (step + 1) * stepNs;
      connected += this.#connected.sum(fromNs, toNs);
      series.connectedUsers.push(connected);
      series.deliveriesPerSecond.push((this.#deliveries.sum(fromNs, toNs) * 1000) / stepMs);
      series.attemptsPerSecond.push((this.#attempts.sum(fromNs, toNs) * 1000) / stepMs);
    }
    return series;
  }
}
