/** Asks for a large message and, while it is on its way, for a small one. */
import { connectClient } from "../../../load/users/connect.ts";
import { nowNs } from "../../../protocol/clock.ts";
import {
  defaultLimits as limits,
  type Options,
  type Payload,
  type SharedConnection,
} from "../../../protocol/contract.ts";
import { learnSecrets } from "../../../protocol/secrets.ts";
import { loadClient } from "../../targets/protocol-modules.ts";
import type { Role } from "./role.ts";

export interface HeadOfLineOrder {
  readonly url: string;
  readonly protocol: string;
  readonly options: Options;
  /** Where the small one is asked for: on the same connection, on a second one, as a second stream of one. */
  readonly probeOn: "same" | "second" | "stream";
  /** What a stream lets come unread. Absent: what the client does anyway. */
  readonly windowBytes?: number;
  readonly largeBytes: number;
  readonly probeBytes: number;
  /** After the large one was asked for, so that it is on its way. */
  readonly gapMs: number;
  readonly repeats: number;
}

/** One large message with a small one behind it, and a small one without; times since each was asked for. */
export interface Passage {
  readonly aloneNs: number;
  readonly behindNs: number;
  readonly largeNs: number;
  /** How long after the large one the small one was really asked for. */
  readonly gapNs: number;
}

class Asker {
  readonly #answers: ((ns: number) => void)[] = [];
  #send: (text: string) => void = () => {};

  /** `sharedBy`: with whom it has a connection in common. */
  async connect(
    { url, protocol, options }: HeadOfLineOrder,
    sharedBy: SharedConnection | undefined,
  ): Promise<() => Promise<void>> {
    const client = await loadClient(protocol, "library");
    const connection = await connectClient(client, {
      url,
      options,
      limits,
      user: 0,
      sharedBy,
      onMessage: (payload) => this.#hear(payload),
    });
    // Whoever waits for an answer is told by the end of this process.
    void connection.closed.then(({ by, message }) => {
      if (by !== "client") process.stderr.write(`Error: cut off: ${message}\n`, () => process.exit(1));
    });
    this.#send = (text) => connection.send(text);
    return () => connection.close();
  }

  /** Resolves with the instant at which so many bytes, in order of asking, were there. */
  ask(bytes: number): Promise<number> {
    this.#send(String(bytes));
    return new Promise((resolve) => this.#answers.push(resolve));
  }

  #hear(_payload: Payload): void {
    this.#answers.shift()?.(nowNs());
  }
}

export const headOfLine: Role<HeadOfLineOrder, readonly Passage[]> = {
  name: "head-of-line",
  async run(order) {
    const { url, probeOn, windowBytes, largeBytes, probeBytes, gapMs, repeats } = order;
    learnSecrets(url);
    const sharedBy: SharedConnection = windowBytes === undefined ? {} : { windowBytes };
    const large = new Asker();
    const probe = probeOn === "same" ? large : new Asker();
    const close = [await large.connect(order, probeOn === "stream" ? sharedBy : undefined)];
    if (probe !== large) close.push(await probe.connect(order, probeOn === "stream" ? sharedBy : undefined));
    // What it takes to ask for the first time is another question.
    await large.ask(probeBytes);
    await probe.ask(probeBytes);
    const passages: Passage[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) {
      const aloneAskedNs = nowNs();
      const aloneNs = (await probe.ask(probeBytes)) - aloneAskedNs;
      const largeAskedNs = nowNs();
      const largeThere = large.ask(largeBytes);
      await new Promise((resolve) => setTimeout(resolve, gapMs));
      const probeAskedNs = nowNs();
      const [largeNs, probeNs] = await Promise.all([largeThere, probe.ask(probeBytes)]);
      passages.push({
        aloneNs,
        behindNs: probeNs - probeAskedNs,
        largeNs: largeNs - largeAskedNs,
        gapNs: probeAskedNs - largeAskedNs,
      });
    }
    await Promise.all(close.map((end) => end()));
    return passages;
  },
};
