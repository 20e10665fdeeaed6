import type { ClientConnection, ConnectOptions } from "../../protocol/contract.ts";
import { describeError } from "../../protocol/errors.ts";
import { type Batch, decodeBatch, MessageRefused, parseJson } from "../../protocol/wires/json-message.ts";
import { encodedBytesMax } from "../../protocol/wires/payload.ts";
import { handshake } from "../connection/handshake.ts";
import { ClientLink } from "../connection/link.ts";
import { describeAnswer, unexpectedAnswer } from "./answers.ts";
import { type Answer, Exchange } from "./exchange.ts";
import { http2Connection } from "./http2-connection.ts";
import { Uplink } from "./uplink.ts";

/** Asks for messages once; calls back when the answer was handled, unless the connection has ended. */
export type Poll = (handled: () => void) => void;

/** The two things in which short and long polling differ on the client. */
export interface PollingStyle {
  /** Whether the server holds a request for messages, which therefore needs a connection of its own. */
  readonly held: boolean;
  /** Asks again and again. Returns what stops it. */
  readonly repeat: (poll: Poll, options: ConnectOptions) => () => void;
}

/**
 * A connection over requests alone: `POST` opens it, `POST` sends, `GET` with a cursor fetches, `DELETE` closes.
 * The cursor repeats what was received last, so the server keeps a batch until it is known to have arrived.
 */
export async function connectPolling(options: ConnectOptions, style: PollingStyle): Promise<ClientConnection> {
  const { url, limits, cookies, resumption, sharedBy, signal, onMessage } = options;
  const { origin } = new URL(url);
  const collection = new URL("connections", url).pathname;
  const bodyBytesMax = encodedBytesMax(limits.payloadBytesMax);
  const answerBytesMax = limits.queueBytesMax + bodyBytesMax;
  const http2 = http2Connection(options.options, new URL(url), sharedBy);
  const exchange = () => new Exchange(origin, { answerBytesMax, cookies, options: options.options, http2 });
  const requests = exchange();
  const id = await handshake<string>(
    url,
    signal,
    (resolve, reject) => void requests.ask({ method: "POST", path: collection }).then(readId).then(resolve, reject),
    () => requests.destroy(),
  );

  const path = `${collection}/${encodeURIComponent(id)}`;
  const polls = style.held && http2 === undefined ? exchange() : requests;
  const uplink = new Uplink({
    exchange: requests,
    path: `${path}/messages`,
    bodyBytesMax,
    failed: (reason) => link.ended(reason),
  });
  const link = new ClientLink(
    {
      transmit: (payload) => uplink.send(payload),
      writes: () => uplink.posts,
      ...(http2 !== undefined && { reads: (on: boolean) => http2.reads(on) }),
      bufferedBytes: () => uplink.bufferedBytes,
      end: () => void end(),
      destroy() {
        stop();
        clearTimeout(again);
        polls.destroy();
        requests.destroy();
      },
    },
    limits,
  );
  const heard = link.watch(options.options);
  let cursor = 0;
  /** While requests are not answered. */
  let lostSinceMs: number | undefined;
  let again: NodeJS.Timeout | undefined;
  const stop = style.repeat(poll, options);
  return link;

  function poll(handled: () => void): void {
    polls.start(
      { method: "GET", path: `${path}/messages?after=${cursor}` },
      {
        heard,
        answered(answer) {
          lostSinceMs = undefined;
          heard();
          take(answer);
          handled();
        },
        failed(cause) {
          if (resumption === undefined) lost(cause);
          else askAgain(cause, handled, resumption.retryMs);
        },
      },
    );
  }

  /** The server keeps what no answer has brought until a cursor says that it came, as long as it keeps the connection. */
  function askAgain(cause: Error, handled: () => void, retryMs: number): void {
    lostSinceMs ??= performance.now();
    if (performance.now() - lostSinceMs > limits.idleMs) lost(cause);
    else again = setTimeout(handled, retryMs);
  }

  function lost(cause: Error): void {
    link.ended({ by: "network", message: describeError(cause) });
  }

  function take(answer: Answer): void {
    if (answer.status === 200) deliver(answer.text);
    else if (answer.status !== 204) link.ended(unexpectedAnswer(answer));
  }

  function deliver(text: string): void {
    let batch: Batch;
    try {
      batch = decodeBatch(parseJson(text), limits.payloadBytesMax);
    } catch (error) {
      if (!(error instanceof MessageRefused)) throw error;
      link.ended({ by: "network", message: error.message });
      return;
    }
    cursor = batch.cursor;
    for (const payload of batch.messages) onMessage(payload);
  }

  /** What was sent before the close still goes, as on a stream. */
  async function end(): Promise<void> {
    await uplink.drained();
    try {
      link.ended({ by: "client", message: describeAnswer(await requests.ask({ method: "DELETE", path })) });
    } catch (error) {
      link.ended({ by: "client", message: describeError(error) });
    }
  }
}

function readId(answer: Answer): string {
  if (answer.status !== 201) throw new Error(describeAnswer(answer));
  const value = parseJson(answer.text);
  const id = typeof value === "object" && value !== null && "id" in value ? value.id : undefined;
  if (typeof id !== "string" || id === "") throw new Error('expected {"id": "..."}');
  return id;
}
