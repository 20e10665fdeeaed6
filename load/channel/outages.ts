import { WirebenchError } from "../../protocol/errors.ts";
import type { Outage } from "./channel-users-api.ts";

type OpenOutage = { -readonly [Key in keyof Outage]: Outage[Key] };

const outagesMax = 20_000;

/** The ends of connections nobody asked for, and how each user came back. */
export class OutageLog {
  #outages: OpenOutage[] = [];
  /** Per user: its outage that still waits for something. */
  #open = new Map<number, OpenOutage>();
  #tooMany = false;

  disconnected(user: number, disconnectedNs: number, node: string, reason: string): void {
    this.#open.delete(user);
    if (this.#outages.length === outagesMax) {
      this.#tooMany = true;
      return;
    }
    const outage: OpenOutage = { user, disconnectedNs, node, reason, attempts: 0 };
    this.#open.set(user, outage);
    this.#outages.push(outage);
  }

  attempted(user: number): void {
    const outage = this.#open.get(user);
    if (outage !== undefined) outage.attempts++;
  }

  reconnected(user: number, reconnectedNs: number, found: boolean | undefined): void {
    const outage = this.#open.get(user);
    if (outage === undefined) return;
    outage.reconnectedNs = reconnectedNs;
    if (found !== undefined) outage.found = found;
  }

  /** A message arrived that is new and not replayed. */
  delivered(user: number, atNs: number): void {
    if (this.#open.size === 0) return;
    const outage = this.#open.get(user);
    if (outage?.reconnectedNs === undefined) return;
    outage.firstDeliveryNs = atNs;
    this.#open.delete(user);
  }

  /** The user left its connection on purpose: what it has missed since then is not the outage's. */
  left(user: number): void {
    this.#open.delete(user);
  }

  /** In the order in which they began. Throws `usage` if there were more than 20,000: a part would be a wrong picture. */
  read(): readonly Outage[] {
    if (this.#tooMany) throw new WirebenchError("usage", `there were more than ${outagesMax} outages to list`);
    return this.#outages;
  }

  /** Forgets what is over. A user that is not back yet misses what comes next, and why is still to be told. */
  reset(): void {
    const lasting = [...this.#open.values()].filter(({ reconnectedNs }) => reconnectedNs === undefined);
    this.#outages = lasting;
    this.#open = new Map(lasting.map((outage) => [outage.user, outage]));
    this.#tooMany = false;
  }
}
