/**
 * What happened to the users of one process, in its order: written while messages flow, for a few numbers each, and read
 * afterwards by the one ledger that knows the users of all processes.
 */
import { WirebenchError } from "../../protocol/errors.ts";
import type { ReceivedMessage } from "./channel-codec.ts";
import { widened } from "./messages.ts";

const kinds = [
  /** Handed to its connection: as a schedule said, or at once. */
  "published-on-schedule",
  "published-at-once",
  /** Due, but its publisher had no connection. */
  "unsent",
  "delivered",
  /** What arrived is no message of a node, or not one that users publish. */
  "corrupted",
  "accepted",
  "rejected",
  "gap",
  "attempted",
  "attempt-failed",
  "welcomed",
  "ended",
] as const;

export type EventKind = (typeof kinds)[number];

const codes = Object.fromEntries(kinds.map((kind, code) => [kind, code])) as Record<EventKind, number>;

/** How a user got in, or why its connection ended; `why` is absent if the user itself ended it. */
export interface EventDetails {
  readonly node?: string;
  readonly recovered?: "all" | "gap";
  readonly found?: boolean;
  readonly why?: string;
}

/** Of a message, what its publisher or a recipient says. */
export type MessageFacts = Pick<ReceivedMessage, "publisher" | "sequence" | "scheduledNs" | "sentNs">;

/** Events since the ones before, as data. Columns are the little-endian bytes of typed arrays, in base64. */
export interface EventBatch {
  /** Nothing that happened up to then is missing. */
  readonly uptoNs: number;
  readonly kinds: string;
  readonly users: string;
  /** A row of `messages`, a sequence number or a place in `details`, as the kind needs it. */
  readonly values: string;
  readonly times: string;
  readonly messages: Readonly<Record<keyof MessageFacts, string>>;
  readonly details: readonly EventDetails[];
}

/** Events kept between two readings: some 150 MB. */
const eventsMax = 2 ** 23;

export class EventLog {
  readonly #eventsMax: number;
  #length = 0;
  #capacity = 0;
  #kinds = new Uint8Array(0);
  #users = new Uint32Array(0);
  #values = new Uint32Array(0);
  #times = new Float64Array(0);
  #messages: MessageFacts[] = [];
  /** Row of a message in `#messages`. */
  #rows = new Map<MessageFacts, number>();
  #details: EventDetails[] = [];
  #lost = 0;

  constructor(max = eventsMax) {
    this.#eventsMax = max;
  }

  published(user: number, message: MessageFacts, onSchedule: boolean, atNs: number): void {
    this.#add(codes[onSchedule ? "published-on-schedule" : "published-at-once"], user, this.#rowOf(message), atNs);
  }

  delivered(user: number, message: MessageFacts, atNs: number): void {
    this.#add(codes.delivered, user, this.#rowOf(message), atNs);
  }

  answered(user: number, sequence: number, answer: "accepted" | "rejected", atNs: number): void {
    this.#add(codes[answer], user, sequence, atNs);
  }

  welcomed(user: number, details: EventDetails, atNs: number): void {
    this.#add(codes.welcomed, user, this.#details.push(details) - 1, atNs);
  }

  ended(user: number, why: string | undefined, atNs: number): void {
    this.#add(codes.ended, user, this.#details.push(why === undefined ? {} : { why }) - 1, atNs);
  }

  happened(
    kind: Exclude<EventKind, "published-on-schedule" | "published-at-once" | "delivered" | "welcomed" | "ended">,
    user: number,
    atNs: number,
  ): void {
    this.#add(codes[kind], user, 0, atNs);
  }

  /** Everything since it was taken last. Throws `usage` if that was more than is kept: a part would be a wrong picture. */
  take(uptoNs: number): EventBatch {
    if (this.#lost > 0) {
      throw new WirebenchError("usage", `more than ${this.#eventsMax} events happened to the users of one process`);
    }
    const length = this.#length;
    const column = (pick: (message: MessageFacts) => number): string => encode(Float64Array.from(this.#messages, pick));
    const batch: EventBatch = {
      uptoNs,
      kinds: encode(this.#kinds.subarray(0, length)),
      users: encode(this.#users.subarray(0, length)),
      values: encode(this.#values.subarray(0, length)),
      times: encode(this.#times.subarray(0, length)),
      messages: {
        publisher: column(({ publisher }) => publisher),
        sequence: column(({ sequence }) => sequence),
        scheduledNs: column(({ scheduledNs }) => scheduledNs),
        sentNs: column(({ sentNs }) => sentNs),
      },
      details: this.#details,
    };
    this.#length = 0;
    this.#messages = [];
    this.#rows = new Map();
    this.#details = [];
    return batch;
  }

  #rowOf(message: MessageFacts): number {
    const known = this.#rows.get(message);
    if (known !== undefined) return known;
    const row = this.#messages.push(message) - 1;
    this.#rows.set(message, row);
    return row;
  }

  #add(code: number, user: number, value: number, atNs: number): void {
    if (this.#length === this.#capacity) this.#grow();
    if (this.#length === this.#capacity) {
      this.#lost++;
      return;
    }
    const at = this.#length++;
    this.#kinds[at] = code;
    this.#users[at] = user;
    this.#values[at] = value;
    this.#times[at] = atNs;
  }

  #grow(): void {
    const capacity = Math.min(this.#eventsMax, Math.max(4096, this.#capacity * 2));
    this.#capacity = capacity;
    this.#kinds = widened(this.#kinds, new Uint8Array(capacity));
    this.#users = widened(this.#users, new Uint32Array(capacity));
    this.#values = widened(this.#values, new Uint32Array(capacity));
    this.#times = widened(this.#times, new Float64Array(capacity));
  }
}

/** One event as it was logged; the next one is the same object. */
export interface LoggedEvent {
  kind: EventKind;
  user: number;
  atNs: number;
  /** Of a message published or delivered; of an answer only its sequence number. */
  message: MessageFacts;
  details: EventDetails;
}

const nobody: MessageFacts = { publisher: 0, sequence: 0, scheduledNs: 0, sentNs: 0 };

/** The batches of one log, one after the other. */
export class LogReader {
  readonly event: LoggedEvent = { kind: "gap", user: 0, atNs: 0, message: nobody, details: {} };
  readonly #batches: DecodedBatch[] = [];
  #at = 0;
  #uptoNs = Number.NEGATIVE_INFINITY;

  add(batch: EventBatch): void {
    this.#uptoNs = batch.uptoNs;
    const decoded = decodeBatch(batch);
    if (decoded.kinds.length > 0) this.#batches.push(decoded);
  }

  /** Up to when it is complete. */
  get uptoNs(): number {
    return this.#uptoNs;
  }

  /** When the next event happened; infinite where there is none. */
  get nextNs(): number {
    return this.#batches[0]?.times[this.#at] ?? Number.POSITIVE_INFINITY;
  }

  /** Reads the next event into `event`. */
  next(): void {
    const { event } = this;
    const batch = this.#batches[0]!;
    const at = this.#at++;
    const value = batch.values[at]!;
    event.kind = kinds[batch.kinds[at]!]!;
    event.user = batch.users[at]!;
    event.atNs = batch.times[at]!;
    event.message = nobody;
    event.details = {};
    switch (event.kind) {
      case "published-on-schedule":
      case "published-at-once":
      case "delivered":
        event.message = batch.messages[value]!;
        break;
      case "accepted":
      case "rejected":
        event.message = { ...nobody, publisher: event.user, sequence: value };
        break;
      case "welcomed":
      case "ended":
        event.details = batch.details[value]!;
    }
    if (this.#at < batch.kinds.length) return;
    this.#batches.shift();
    this.#at = 0;
  }
}

interface DecodedBatch {
  readonly kinds: Uint8Array;
  readonly users: Uint32Array;
  readonly values: Uint32Array;
  readonly times: Float64Array;
  readonly messages: readonly MessageFacts[];
  readonly details: readonly EventDetails[];
}

function decodeBatch({ kinds, users, values, times, messages, details }: EventBatch): DecodedBatch {
  const [publishers, sequences] = [floats(messages.publisher), floats(messages.sequence)];
  const [scheduledNs, sentNs] = [floats(messages.scheduledNs), floats(messages.sentNs)];
  return {
    kinds: new Uint8Array(decode(kinds)),
    users: new Uint32Array(decode(users)),
    values: new Uint32Array(decode(values)),
    times: floats(times),
    messages: Array.from(publishers, (publisher, row) => ({
      publisher,
      sequence: sequences[row]!,
      scheduledNs: scheduledNs[row]!,
      sentNs: sentNs[row]!,
    })),
    details,
  };
}

const encode = ({ buffer, byteOffset, byteLength }: Uint8Array | Uint32Array | Float64Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString("base64");

/** Memory of its own, which begins where a column of any width may. */
function decode(text: string): ArrayBuffer {
  const bytes = Buffer.from(text, "base64");
  const memory = new ArrayBuffer(bytes.byteLength);
  bytes.copy(new Uint8Array(memory));
  return memory;
}

const floats = (text: string): Float64Array => new Float64Array(decode(text));

/** Events of several logs as they happened, up to when all of them are complete. Of the same instant, in the order of the logs. */
export function* inOrder(logs: readonly LogReader[]): Generator<LoggedEvent, void> {
  const uptoNs = Math.min(...logs.map((log) => log.uptoNs));
  for (;;) {
    let first: LogReader | undefined;
    let firstNs = uptoNs;
    for (const log of logs) {
      const { nextNs } = log;
      if (nextNs > firstNs || (first !== undefined && nextNs === firstNs)) continue;
      first = log;
      firstNs = nextNs;
    }
    if (first === undefined) return;
    first.next();
    yield first.event;
  }
}
