import type { ClientConnection, ConnectOptions, ProtocolClient } from "../protocol/contract.ts";
import { encodedBytesMax } from "../protocol/wires/payload.ts";
import { handshake } from "./connection/handshake.ts";
import { ClientLink } from "./connection/link.ts";
import { EventStream } from "./http/event-stream.ts";
import { Exchange } from "./http/exchange.ts";
import { Uplink } from "./http/uplink.ts";

/** Receives events on one connection and sends with `POST` on another; the first event says where to. */
export const sseClient: ProtocolClient = {
  connect({ url, limits, cookies, signal, onMessage }: ConnectOptions): Promise<ClientConnection> {
    const bodyBytesMax = encodedBytesMax(limits.payloadBytesMax);
    let stream: EventStream | undefined;
    let link: ClientLink | undefined;

    return handshake<ClientConnection>(
      url,
      signal,
      (resolve, reject) => {
        stream = new EventStream({
          url: new URL("events", url),
          payloadBytesMax: limits.payloadBytesMax,
          cookies,
          opened: (uplinkPath) => {
            if (link !== undefined) return;
            link = openLink(new URL(uplinkPath, url));
            resolve(link);
          },
          message: onMessage,
          ended: (reason, cause) => (link === undefined ? reject(cause) : link.ended(reason)),
        });
      },
      () => stream?.destroy(),
    );

    function openLink(target: URL): ClientLink {
      const requests = new Exchange(target.origin, bodyBytesMax, cookies);
      const uplink = new Uplink({
        exchange: requests,
        path: target.pathname + target.search,
        bodyBytesMax,
        failed: (reason) => link.ended(reason),
      });
      const link = new ClientLink(
        {
          transmit: (payload) => uplink.send(payload),
          writes: () => uplink.posts,
          bufferedBytes: () => uplink.bufferedBytes,
          // What was sent before the close still goes, as on a stream.
          end: () => void uplink.drained().then(() => link.ended({ by: "client", message: "closed the stream" })),
          destroy() {
            stream?.destroy();
            requests.destroy();
          },
        },
        limits,
        stream?.compression,
      );
      return link;
    }
  },
};
