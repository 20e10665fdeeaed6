/** What a page and a program are both asked to send, and the one judge of what comes back to them. */
import { LatencyHistogram } from "../../../../load/recording/latency.ts";
import type { Options, Payload, PayloadForm } from "../../../../protocol/contract.ts";
import { seededRandom } from "../../../../protocol/random.ts";

export interface AskedFor {
  readonly url: string;
  readonly protocol: string;
  readonly options: Options;
  /** Sent one after the other, each after the echo of the one before; as many texts as binary ones. */
  readonly inTurn: number;
  /** Sent all together then. */
  readonly atOnce: number;
  readonly payloadBytes: number;
  /** What has not come by then does not come. */
  readonly waitMs: number;
}

export interface Script {
  readonly inTurn: readonly Payload[];
  readonly atOnce: readonly Payload[];
  readonly waitMs: number;
}

export interface EchoReport {
  /** Echoes that came as they went and in their place, text as text and binary as binary. */
  readonly exact: Readonly<Record<PayloadForm, number>>;
  readonly received: number;
  /** Encoded. */
  readonly roundTrip: string;
  /** The least step of the clock it was read by, in microseconds. */
  readonly clockStepUs?: number;
}

/** What text may be made of that wires write in another way: quotes, markup, line ends, more than one byte, a control character. */
const letters = [..."wirebench <\"&'>\\ \r\n\t äß€ 漢字 𝄞 \u0001"];

/** The same for everybody who is asked for the same. */
export function scriptOf({ inTurn, atOnce, payloadBytes, waitMs }: AskedFor): Script {
  const random = seededRandom(1);
  const text = (number: number): string => {
    let made = `${number} `;
    for (let place = 0; Buffer.byteLength(made) < payloadBytes; place++) made += letters[place % letters.length];
    return made;
  };
  const bytes = (): Buffer => Buffer.from(Array.from({ length: payloadBytes }, () => Math.floor(random() * 256)));
  const all = Array.from({ length: inTurn + atOnce }, (_, number) => (number % 2 === 0 ? text(number) : bytes()));
  return { inTurn: all.slice(0, inTurn), atOnce: all.slice(inTurn), waitMs };
}

const isSame = (sent: Payload, echo: Payload | undefined): boolean =>
  typeof sent === "string" || typeof echo === "string" || echo === undefined
    ? sent === echo
    : Buffer.compare(sent, echo) === 0;

/** `roundTripsNs`: of those in turn. */
export function reportOf(
  { inTurn, atOnce }: Script,
  echoes: readonly Payload[],
  roundTripsNs: readonly number[],
): EchoReport {
  const sent = [...inTurn, ...atOnce].map((payload, place) => ({
    form: typeof payload === "string" ? "text" : "binary",
    isExact: isSame(payload, echoes[place]),
  }));
  const exactOf = (form: PayloadForm): number => sent.filter((one) => one.form === form && one.isExact).length;
  const times = new LatencyHistogram();
  for (const ns of roundTripsNs) times.record(ns);
  return {
    exact: { text: exactOf("text"), binary: exactOf("binary") },
    received: echoes.length,
    roundTrip: times.encode(),
  };
}
