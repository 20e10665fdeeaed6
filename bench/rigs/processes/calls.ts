/**
 * Calls over any channel that carries data both ways in order: one end calls methods and hears events, the other answers
 * and announces. Data only, as JSON has it; what is measured travels as counts and encoded histograms.
 */
import { type BirpcReturn, createBirpc } from "birpc";
import { describeError, type ErrorCode, WirebenchError } from "../../../protocol/errors.ts";

/** One end of a channel. What `post` cannot send because the other end is gone, it drops: the owner says so to `close`. */
export interface Channel {
  post(data: unknown): void;
  on(listener: (data: unknown) => void): void;
}

/** Methods an end offers: at most one argument in, one value out. */
// biome-ignore lint/suspicious/noExplicitAny: the concrete argument and result types live in each API.
export type RemoteApi = Record<string, (argument: any) => Promise<unknown>>;

/** Events by name, each with the value it carries. */
export type EventValues = Record<string, unknown>;

/** An event's name and value as arguments, so that the name tells the type of the value. */
export type Occurrence<Events extends EventValues> = {
  [Event in keyof Events & string]: [event: Event, value: Events[Event]];
}[keyof Events & string];

type AnyFunctions = Record<string, (...args: unknown[]) => unknown>;
type Rpc = BirpcReturn<AnyFunctions, AnyFunctions, false>;

interface ErrorData {
  code: ErrorCode;
  message: string;
}

/** The end that calls. */
export class Calls<Api extends RemoteApi, Events extends EventValues = EventValues> {
  readonly #peer: string;
  readonly #rpc: Rpc;
  #ending: string | undefined;

  /** `peer` is the other end as the subject of a sentence, e.g. `the server process`. */
  constructor(peer: string, channel: Channel, onEvent: (...occurrence: Occurrence<Events>) => void = () => {}) {
    this.#peer = peer;
    this.#rpc = connect(channel, (event) => (value) => {
      // Outside birpc, which drops what an event's listener throws.
      queueMicrotask(() => onEvent(...([event, value] as Occurrence<Events>)));
    });
  }

  /** Rejects with what the method threw, or with why the other end is gone, or when it is silent for `timeoutMs`. */
  async call<Method extends keyof Api & string>(
    method: Method,
    argument: Parameters<Api[Method]>[0],
    timeoutMs: number,
  ): Promise<Awaited<ReturnType<Api[Method]>>> {
    if (this.#ending !== undefined) throw new WirebenchError("process-failed", this.#ending);
    const { promise: silence, reject } = Promise.withResolvers<never>();
    const limit = setTimeout(() => {
      reject(new WirebenchError("process-failed", `${this.#peer} was silent for ${timeoutMs / 1000} s`));
    }, timeoutMs);
    try {
      const answer = this.#rpc.$call(method, ...present(argument));
      return (await Promise.race([answer, silence])) as Awaited<ReturnType<Api[Method]>>;
    } finally {
      clearTimeout(limit);
    }
  }

  /** The other end is gone: rejects all calls under way, and any to come, with `reason`. */
  close(reason: string): void {
    this.#ending = reason;
    // Not `$close`, which rejects all calls with one and the same error and changes that error's cause.
    this.#rpc.$rejectPendingCalls(({ reject }) => reject(new WirebenchError("process-failed", reason)));
  }
}

/** Makes this end of the channel the one that answers. */
export function answer(channel: Channel, api: RemoteApi): void {
  connect(channel, (method) => async (argument) => {
    if (!Object.hasOwn(api, method)) throw new WirebenchError("usage", `there is no method "${method}" to call`);
    return await api[method]!(argument);
  });
}

/** A function that tells the end that calls what it did not ask for. Does not listen to the channel. */
export function announcer<Events extends EventValues = EventValues>(
  channel: Pick<Channel, "post">,
): (...occurrence: Occurrence<Events>) => void {
  const deaf: Channel = { post: (data) => channel.post(data), on: () => {} };
  const rpc = connect(deaf, () => () => {});
  return (event, value) => void rpc.$callEvent(event, ...present(value));
}

function connect(channel: Channel, functionNamed: (name: string) => (argument: unknown) => unknown): Rpc {
  return createBirpc<AnyFunctions, AnyFunctions, false>(
    {},
    {
      proxify: false,
      // Each call brings its own.
      timeout: -1,
      resolver: functionNamed,
      post: (data) => channel.post(data),
      on: (listener) =>
        channel.on((data) => {
          if (isMessage(data)) listener(data);
        }),
      serialize: (message) => (message.e === undefined ? message : { ...message, e: errorData(message.e) }),
      deserialize: (message) => (message.e === undefined ? message : { ...message, e: errorFrom(message.e) }),
      // With a name it is an answer that cannot be sent: birpc then sends the error instead. Without, it is a call's own.
      onGeneralError: (_error, method) => method !== undefined,
    },
  );
}

/** Whether birpc can take it; anything else would be an unhandled rejection in there, and the end of the process. */
function isMessage(data: unknown): boolean {
  if (typeof data !== "object" || data === null) return false;
  const { t, m, a, e = {} } = data as Record<string, unknown>;
  return t === "q" ? typeof m === "string" && Array.isArray(a) : t === "s" && typeof e === "object" && e !== null;
}

/** JSON would make null of an argument that is undefined. */
const present = (argument: unknown): unknown[] => (argument === undefined ? [] : [argument]);

const errorData = (error: unknown): ErrorData => ({
  code: error instanceof WirebenchError ? error.code : "process-failed",
  message: describeError(error),
});

const errorFrom = ({ code, message }: ErrorData): WirebenchError => new WirebenchError(code, message);
