import type { NodeMessage } from "../../protocol/wires/channel.ts";

type Welcome = Extract<NodeMessage, { type: "welcome" }>;
type Stepped = Extract<NodeMessage, { type: "stepped" }>;

/**
 * What a user knows of its session: how far on it left it. A step whose answer never came may count or not, so that
 * the state may lie anywhere between.
 */
export class Session {
  #id: string | undefined;
  #steps = 0;
  #unanswered = 0;

  /** Undefined before the first welcome. */
  get id(): string | undefined {
    return this.#id;
  }

  asked(): void {
    this.#unanswered++;
  }

  /** Whether the state was there, as far on as it was left; undefined for a session that only begins. */
  welcomed({ session, found, steps }: Welcome): boolean | undefined {
    const first = this.#id === undefined;
    this.#id = session;
    const asLeft = this.#goOn(found, steps, 0);
    return first ? undefined : asLeft;
  }

  /** Of the latest step asked. */
  stepped({ found, steps }: Stepped): boolean {
    return this.#goOn(found, steps, 1);
  }

  #goOn(found: boolean, steps: number, certain: number): boolean {
    const asLeft = found && steps >= this.#steps + certain && steps <= this.#steps + this.#unanswered;
    this.#steps = steps;
    this.#unanswered = 0;
    return asLeft;
  }
}
