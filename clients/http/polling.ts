import { describeError } from "../../bench/errors.ts";
import type { ClientConnection, ConnectOptions } from "../../bench/protocol.ts";
import { decodeBatch, MessageRefused, parseJson } from "../../bench/wires/json-message.ts";
import { encodedBytesMax } from "../../bench/wires/payload.ts";
import { handshake } from "../handshake.ts";
import { ClientLink } from "../link.ts";
import { describeAnswer, unexpectedAnswer } from "./answers.ts";
import { type Answer, Exchange } from "./exchange.ts";
import { Uplink } from "./uplink.ts";

/** The two things in which short and long polling differ on the client. */
export interface PollingStyle {
  /** How long a server may hold a request for messages, in milliseconds; above 0 it needs a connection of its own. */
  readonly holdMsMax: number;
  /** Asks again and again; `poll` resolves when its answer was handled. Returns what stops it. */
  readonly repeat: (poll: () => Promise<void>, pollIntervalMs: number) => () => void;
}

/**
 * A connection over requests alone: `POST` opens it, `POST` sends, `GET` with a cursor fetches, `DELETE` closes.
 * The cursor repeats what was received last, so the server keeps a batch until it is known to have arrived.
 */
export async function connectPolling(
  { url, limits, pollIntervalMs, signal, onMessage }: ConnectOptions,
  style: PollingStyle,
): Promise<ClientConnection> {
  const { origin } = new URL(url);
  const collection = new URL("connections", url).pathname;
  const bodyBytesMax = encodedBytesMax(limits.payloadBytesMax);
  const options = { silenceMs: limits.handshakeMs, answerBytesMax: limits.queueBytesMax + bodyBytesMax };
  const requests = new Exchange(origin, options);
  const id = await handshake<string>(
    url,
    signal,
    (resolve, reject) => void requests.post(collection, null).then(readId).then(resolve, reject),
    () => requests.destroy(),
  );

  const path = `${collection}/${encodeURIComponent(id)}`;
  const polls =
    style.holdMsMax > 0
      ? new Exchange(origin, { ...options, silenceMs: options.silenceMs + style.holdMsMax })
      : requests;
  const uplink = new Uplink({
    exchange: requests,
    path: `${path}/messages`,
    bodyBytesMax,
    failed: (reason) => link.ended(reason),
  });
  const link = new ClientLink(
    {
      transmit: (payload) => uplink.send(payload),
      bufferedBytes: () => uplink.bufferedBytes,
      end: () => void end(),
      destroy() {
        stop();
        polls.destroy();
        requests.destroy();
      },
    },
    limits,
  );
  let cursor = 0;
  const stop = style.repeat(poll, pollIntervalMs);
  return link;

  async function poll(): Promise<void> {
    let answer: Answer;
    try {
      answer = await polls.get(`${path}/messages?after=${cursor}`);
    } catch (error) {
      return link.ended({ by: "network", message: describeError(error) });
    }
    if (answer.status === 204) return;
    if (answer.status !== 200) return link.ended(unexpectedAnswer(answer));
    const batch = readBatch(answer);
    if (batch === undefined) return;
    cursor = batch.cursor;
    for (const payload of batch.messages) onMessage(payload);
  }

  function readBatch({ text }: Answer): ReturnType<typeof decodeBatch> | undefined {
    try {
      return decodeBatch(parseJson(text), limits.payloadBytesMax);
    } catch (error) {
      if (!(error instanceof MessageRefused)) throw error;
      link.ended({ by: "network", message: error.message });
      return undefined;
    }
  }

  /** What was sent before the close still goes, as on a stream. */
  async function end(): Promise<void> {
    await uplink.drained();
    try {
      link.ended({ by: "client", message: describeAnswer(await requests.delete(path)) });
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
