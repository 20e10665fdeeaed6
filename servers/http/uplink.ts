import type { IncomingMessage, ServerResponse } from "node:http";
import type { Limits, Payload } from "../../protocol/contract.ts";
import { decodeMessages, decodeUtf8, MessageRefused, parseJson } from "../../protocol/wires/json-message.ts";
import { encodedBytesMax } from "../../protocol/wires/payload.ts";
import type { ServerLink } from "../connection/link.ts";
import { answerDone, refuse } from "./answer.ts";
import type { RoutedRequest } from "./routes.ts";

/**
 * `POST` of a JSON array of messages, the way to the server for every HTTP protocol. All of its messages are taken
 * in order, in the turn in which its last byte came, and answered with 204; or none is, and the status says why.
 * `heard` is called for every piece of it that comes.
 */
export function receiveMessages(
  { request, response }: RoutedRequest,
  limits: Limits,
  find: () => ServerLink | undefined,
  heard?: () => void,
): void {
  if (absent(find(), response)) return;
  readMessages({ request, response }, limits, {
    heard,
    take(payloads) {
      // Looked up again: it may have ended while the body came.
      const link = find();
      if (absent(link, response)) return;
      for (const payload of payloads) link.receive(payload);
      answerDone(response);
    },
  });
}

interface MessagesTaker {
  /** `bytes`: of the body. */
  readonly take: (payloads: readonly Payload[], bytes: number) => void;
  /** Bytes of the body came. */
  readonly heard?: (() => void) | undefined;
}

/** Has a JSON array of messages taken, in the turn in which its last byte came; what is none is refused. */
export function readMessages(
  { request, response }: Pick<RoutedRequest, "request" | "response">,
  { payloadBytesMax }: Limits,
  { take, heard }: MessagesTaker,
): void {
  const decode = (body: Buffer): void => {
    let payloads: Payload[];
    try {
      payloads = decodeMessages(parseJson(decodeUtf8(body)), payloadBytesMax);
    } catch (error) {
      if (!(error instanceof MessageRefused)) throw error;
      refuse(response, error.tooLarge ? 413 : 400, error.message);
      return;
    }
    take(payloads, body.byteLength);
  };
  readBody(request, response, encodedBytesMax(payloadBytesMax), { take: decode, heard });
}

/** Answers 404 for a connection nobody opened and 410 (RFC 9110 section 15.5.11) for one that has ended. */
function absent(link: ServerLink | undefined, response: ServerResponse): link is undefined {
  if (link === undefined) refuse(response, 404, "no such connection");
  else if (!link.open) refuse(response, 410, "the connection has ended");
  return !link?.open;
}

/** Reads a JSON body; answers 415 for another type, and 413 as soon as it is known to be over `bytesMax`. */
function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  bytesMax: number,
  { take, heard }: { take(body: Buffer): void; heard: (() => void) | undefined },
): void {
  const type = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    refuse(response, 415, "expected application/json");
    return;
  }
  let chunks: Buffer[] = [];
  let bytes = 0;
  let tooLarge = false;
  const bound = (bodyBytes: number): void => {
    if (tooLarge || bodyBytes <= bytesMax) return;
    tooLarge = true;
    chunks = [];
    refuse(response, 413, `expected at most ${bytesMax} bytes`);
  };
  bound(Number(request.headers["content-length"] ?? 0));
  request.on("data", (chunk: Buffer) => {
    heard?.();
    bytes += chunk.byteLength;
    bound(bytes);
    if (!tooLarge) chunks.push(chunk);
  });
  request.on("end", () => {
    if (!tooLarge) take(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
  });
}
