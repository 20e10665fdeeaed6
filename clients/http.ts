import { STATUS_CODES } from "node:http";
import type { ClientConnection, ConnectOptions, Payload, ProtocolClient } from "../protocol/contract.ts";
import { describeError } from "../protocol/errors.ts";
import {
  decodeMessages,
  encodeMessage,
  encodeMessages,
  MessageRefused,
  parseJson,
} from "../protocol/wires/json-message.ts";
import { numberQuery, requestsAtOnce } from "../protocol/wires/numbered-requests.ts";
import { encodedBytesMax } from "../protocol/wires/payload.ts";
import { handshake } from "./connection/handshake.ts";
import { ClientLink } from "./connection/link.ts";
import { describeAnswer, unexpectedAnswer } from "./http/answers.ts";
import { type Answer, Exchange } from "./http/exchange.ts";
import { http2Connection } from "./http/http2-connection.ts";
import { RequestPool } from "./http/request-pool.ts";

/**
 * A `POST` for each message, whose response carries the answer. The first request carries none: a server of ours gives the
 * user an id by it and keeps the order of what follows; any other endpoint only shows that it takes such requests, and is
 * asked at the very URL from then on.
 */
export const httpClient: ProtocolClient = { connect };

async function connect(options: ConnectOptions): Promise<ClientConnection> {
  const { url, limits, cookies, sharedBy, signal, onMessage } = options;
  const { origin, pathname, search } = new URL(url);
  const http2 = http2Connection(options.options, new URL(url), sharedBy);
  const answerBytesMax = limits.queueBytesMax + encodedBytesMax(limits.payloadBytesMax);
  const exchange = () => new Exchange(origin, { answerBytesMax, cookies, options: options.options, http2 });
  const first = exchange();
  const id = await handshake<string | undefined>(
    url,
    signal,
    (resolve, reject) =>
      void first
        .ask({ method: "POST", path: pathname + search, json: encodeMessages([]) })
        .then(readId)
        .then(resolve, reject),
    () => first.destroy(),
  );

  const own = id === undefined ? undefined : `${pathname}/${encodeURIComponent(id)}`;
  const pool = new RequestPool(first, {
    exchange,
    atOnce: requestsAtOnce(options.options),
    bytesMax: limits.queueBytesMax,
    path: (number) => (own === undefined ? pathname + search : `${own}/messages?${numberQuery(number)}`),
    answered: take,
    failed: (reason) => link.ended(reason),
  });
  const link = new ClientLink(
    {
      transmit: (payload) => pool.send(encodeMessages([encodeMessage(payload)])),
      writes: () => pool.requests,
      ...(http2 !== undefined && { reads: (on: boolean) => http2.reads(on) }),
      bufferedBytes: () => pool.bufferedBytes,
      end: () => void end(),
      destroy: () => pool.destroy(),
    },
    limits,
  );
  return link;

  function take(answer: Answer): void {
    const { status, text } = answer;
    if (status === 204) return;
    if (status >= 200 && status < 300) deliver(text);
    // The last words of a server that has closed.
    else if (status === 410 && text.startsWith("[")) {
      deliver(text);
      link.ended({ by: "server", message: `status 410 ${STATUS_CODES[410]}` });
    } else link.ended(unexpectedAnswer(answer));
  }

  function deliver(text: string): void {
    let payloads: Payload[];
    try {
      payloads = decodeMessages(parseJson(text), limits.payloadBytesMax);
    } catch (error) {
      if (!(error instanceof MessageRefused)) throw error;
      link.ended({ by: "network", message: error.message });
      return;
    }
    for (const payload of payloads) onMessage(payload);
  }

  /** What was sent before the close still goes, as on a stream. */
  async function end(): Promise<void> {
    await pool.drained();
    if (own === undefined) return link.ended({ by: "client", message: "no request is under way" });
    try {
      link.ended({ by: "client", message: describeAnswer(await first.ask({ method: "DELETE", path: own })) });
    } catch (error) {
      link.ended({ by: "client", message: describeError(error) });
    }
  }
}

/** Undefined where the endpoint knows no users. Throws for an answer that says that it takes no such requests. */
function readId(answer: Answer): string | undefined {
  if (answer.status < 200 || answer.status >= 300) throw new Error(describeAnswer(answer));
  if (answer.status !== 201) return undefined;
  try {
    const value = parseJson(answer.text);
    const id = typeof value === "object" && value !== null && "id" in value ? value.id : undefined;
    return typeof id === "string" && id !== "" ? id : undefined;
  } catch (error) {
    if (error instanceof MessageRefused) return undefined;
    throw error;
  }
}
