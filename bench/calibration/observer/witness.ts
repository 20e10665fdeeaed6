/** What the observer's crossings say of the messages of one window. Pure; knows the header's text and nothing else. */
import type { Crossing, Crossings } from "./relay.ts";

/** A message at the wire. Instants of the host's monotonic clock in nanoseconds. */
export interface Sighting {
  readonly connection: number;
  readonly sequence: number;
  /** What the message itself says, as its sender wrote it. */
  readonly scheduledNs: number;
  readonly sentNs: number;
  readonly seenNs: number;
  readonly passedNs: number;
}

/** A message that was sent to the server, and every copy of its echo that came back. */
export interface Echoed {
  readonly sent: Sighting;
  readonly answers: readonly Sighting[];
}

export interface WitnessedWindow {
  /** Messages of the window, in order of crossing; not the marks that end a direction. */
  readonly up: readonly Sighting[];
  readonly down: readonly Sighting[];
  /** `up`, each with what came back of it. */
  readonly echoed: readonly Echoed[];
  /** Answers of the messages of one connection, by the first copy of each, in order; with their number in `up`. */
  readonly arrivals: readonly (readonly { readonly index: number; readonly answer: Sighting }[])[];
  readonly upBytes: number;
  readonly downBytes: number;
}

/** Header, as protocol/messages/message.ts documents it: kind (1), window (2), sequence (9), scheduled (17), late (10). */
function read({ header, connection, seenNs, passedNs }: Crossing): Sighting & { window: number; data: boolean } {
  const scheduledNs = Number(header.slice(12, 29));
  return {
    data: header[0] !== "e",
    window: Number(header.slice(1, 3)),
    connection,
    sequence: Number(header.slice(3, 12)),
    scheduledNs,
    sentNs: scheduledNs + Number(header.slice(29, 39)),
    seenNs,
    passedNs,
  };
}

export function witness({ up, down, upBytes, downBytes }: Crossings, window: number): WitnessedWindow {
  const echoed: { sent: Sighting; answers: Sighting[] }[] = [];
  const byHeader = new Map<string, number>();
  for (const crossing of up) {
    const sent = read(crossing);
    if (!sent.data || sent.window !== window) continue;
    byHeader.set(crossing.header, echoed.length);
    echoed.push({ sent, answers: [] });
  }
  const arrivals = new Map<number, { index: number; answer: Sighting }[]>();
  const downSightings: Sighting[] = [];
  for (const crossing of down) {
    const answer = read(crossing);
    if (!answer.data || answer.window !== window) continue;
    downSightings.push(answer);
    const index = byHeader.get(crossing.header);
    if (index === undefined) continue;
    const { sent, answers } = echoed[index]!;
    answers.push(answer);
    if (answers.length > 1) continue;
    // HTTP answers on another connection than it asks on: a user is the connection that sends.
    const ofUser = arrivals.get(sent.connection) ?? [];
    arrivals.set(sent.connection, ofUser);
    ofUser.push({ index, answer });
  }
  const up_ = echoed.map(({ sent }) => sent);
  return { up: up_, down: downSightings, echoed, arrivals: [...arrivals.values()], upBytes, downBytes };
}

export interface WitnessedCounts {
  readonly sent: number;
  readonly received: number;
  readonly duplicated: number;
  /** RFC 4737 section 3.3, by connection. */
  readonly reordered: number;
}

export function countsOf({ echoed, arrivals }: WitnessedWindow): WitnessedCounts {
  let reordered = 0;
  for (const ofUser of arrivals) {
    let next = 0;
    for (const { answer } of ofUser) {
      if (answer.sequence < next) reordered++;
      else next = answer.sequence + 1;
    }
  }
  const copies = echoed.map(({ answers }) => answers.length);
  const received = copies.filter((count) => count > 0).length;
  return {
    sent: echoed.length,
    received,
    duplicated: copies.reduce((sum, count) => sum + count, 0) - received,
    reordered,
  };
}

/** Between what a delay certainly was, from this and to that, in nanoseconds. */
export interface DelayBounds {
  readonly scheduledNs: number;
  /** From the instant the message says it was sent. */
  readonly sentNs: number;
  /** The last byte of the answer was not handed on before. */
  readonly receivedAfterNs: number;
  /** The receiver had it by then, since it had sent what it sends only in answer, or had reported. */
  readonly receivedBeforeNs: number;
}

/**
 * When each answered message was received, at the earliest and at the latest. In a closed loop the n-th answer on a
 * connection releases message n + `inFlight`: what that one says of its own sending comes after the receipt. Where
 * nothing was released the driver had the generator's report by `reportedNs`.
 */
export function delayBounds(
  { echoed, arrivals }: WitnessedWindow,
  inFlight: number | undefined,
  reportedNs: number,
): DelayBounds[] {
  const sentBy = new Map<number, Sighting[]>();
  for (const { sent } of echoed) {
    const ofUser = sentBy.get(sent.connection) ?? [];
    sentBy.set(sent.connection, ofUser);
    ofUser.push(sent);
  }
  return arrivals.flatMap((ofUser) =>
    ofUser.map(({ index, answer }, place) => {
      const { sent } = echoed[index]!;
      const released = inFlight === undefined ? undefined : sentBy.get(sent.connection)![inFlight + place];
      return {
        scheduledNs: sent.scheduledNs,
        sentNs: sent.sentNs,
        receivedAfterNs: answer.passedNs,
        receivedBeforeNs: released?.sentNs ?? reportedNs,
      };
    }),
  );
}
