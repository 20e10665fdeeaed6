import type {
  ClientConnection,
  CloseReason,
  ConnectOptions,
  CookieJar,
  Limits,
  Options,
  Payload,
} from "../../protocol/contract.ts";
import { decodeBase64, decodeMessage, MessageRefused, parseJson } from "../../protocol/wires/json-message.ts";
import { encodedBytesMax } from "../../protocol/wires/payload.ts";
import { handshake } from "../connection/handshake.ts";
import { ClientLink } from "../connection/link.ts";
import { isEventId } from "./event-id.ts";
import { Exchange } from "./exchange.ts";
import { type Http2Connection, http2Connection } from "./http2-connection.ts";
import { Uplink } from "./uplink.ts";

export interface EventStreamOptions {
  readonly url: URL;
  readonly payloadBytesMax: number;
  readonly cookies: CookieJar | undefined;
  /** Of the target. */
  readonly options: Options | undefined;
  /** Carries the stream, beside other requests, where HTTP/2 is spoken. */
  readonly http2: Http2Connection | undefined;
  /** Of the last event that had one, on a stream before this one (WHATWG HTML section 9.2.4). */
  readonly lastEventId: string | undefined;
  /** Something came, if only a comment. */
  readonly heard: () => void;
  /** Each event, by its type, and the last id there was until then; not called after `ended` or `destroy`. */
  readonly event: (type: string, data: string, lastEventId: string) => void;
  /** The server asks those who lose the stream to wait so long, in milliseconds within bounds, before they come back. */
  readonly retry: (ms: number) => void;
  /** Called at most once, and not after `destroy`. `cause` is what made it end, for errors that quote it. */
  readonly ended: (reason: CloseReason, cause: unknown) => void;
}

/** An event stream (WHATWG HTML section 9.2) on a connection of its own, which ends with the first error. */
export interface EventStream {
  /** What the server encodes the stream in. */
  readonly compression: string | undefined;
  /** Closes the connection at once. Idempotent. */
  destroy(): void;
}

/** Types of events that this protocol knows; others are nobody's. */
export const eventTypes = ["connection", "message", "binary"] as const;

/** Id of the last event that each connection has brought, for one that follows. */
const lastEventIds = new WeakMap<ClientConnection, () => string>();

/** Receives events on one connection and sends with `POST` on another; the first event says where to. */
export function connectEvents(
  { url, limits, cookies, options, resumption, sharedBy, signal, onMessage }: ConnectOptions,
  open: (options: EventStreamOptions) => EventStream,
): Promise<ClientConnection> {
  const bodyBytesMax = encodedBytesMax(limits.payloadBytesMax);
  const http2 = http2Connection(options, new URL(url), sharedBy);
  let stream: EventStream | undefined;
  let link: ClientLink | undefined;
  const before = resumption?.of && lastEventIds.get(resumption.of)?.();
  let lastEventId = before ?? "";
  let retryMs = resumption?.of?.retryMs;
  let heard = (): void => {};

  return handshake<ClientConnection>(
    url,
    signal,
    (resolve, reject) => {
      const ended = (reason: CloseReason, cause: unknown): void => {
        if (link === undefined) reject(cause);
        else link.ended(reason);
      };
      const take = (type: string, data: string): void => {
        if (type !== "connection") onMessage(payloadOf(type, data, limits));
        else if (link === undefined) {
          link = openLink(new URL(parseUplink(data), url));
          lastEventIds.set(link, () => lastEventId);
          heard = link.watch(options);
          resolve(link);
        }
      };
      stream = open({
        url: new URL("events", url),
        payloadBytesMax: limits.payloadBytesMax,
        cookies,
        options,
        http2,
        // An empty one is not sent.
        lastEventId: before || undefined,
        heard: () => heard(),
        event(type, data, id) {
          // On a new stream there is none until an event has one.
          if (id !== "" && isEventId(id)) lastEventId = id;
          try {
            take(type, data);
          } catch (error) {
            if (!(error instanceof MessageRefused)) throw error;
            stream?.destroy();
            ended({ by: "network", message: error.message }, error);
          }
        },
        retry(ms) {
          retryMs = ms;
        },
        ended,
      });
    },
    () => {
      stream?.destroy();
      http2?.destroy();
    },
  );

  function openLink(target: URL): ClientLink {
    const carrier = target.origin === new URL(url).origin ? http2 : http2Connection(options, target, sharedBy);
    const requests = new Exchange(target.origin, { answerBytesMax: bodyBytesMax, cookies, options, http2: carrier });
    const uplink = new Uplink({
      exchange: requests,
      path: target.pathname + target.search,
      bodyBytesMax,
      failed: (reason) => own.ended(reason),
    });
    const own = new ClientLink(
      {
        transmit: (payload) => uplink.send(payload),
        writes: () => uplink.posts,
        ...(http2 !== undefined && { reads: (on: boolean) => http2.reads(on) }),
        bufferedBytes: () => uplink.bufferedBytes,
        retryMs: () => retryMs,
        // What was sent before the close still goes, as on a stream.
        end: () => void uplink.drained().then(() => own.ended({ by: "client", message: "closed the stream" })),
        destroy() {
          stream?.destroy();
          http2?.destroy();
          requests.destroy();
        },
      },
      limits,
      stream?.compression,
    );
    return own;
  }
}

const payloadOf = (type: string, data: string, { payloadBytesMax }: Limits): Payload =>
  type === "binary" ? decodeBase64(data, payloadBytesMax) : decodeMessage(parseJson(data), payloadBytesMax);

function parseUplink(data: string): string {
  const value = parseJson(data);
  if (typeof value === "object" && value !== null && "uplink" in value && typeof value.uplink === "string") {
    return value.uplink;
  }
  throw new MessageRefused('expected {"uplink": PATH} in the first event');
}
