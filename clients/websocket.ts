import type { Socket } from "node:net";
import { type RawData, WebSocket } from "ws";
import type { ClientConnection, ConnectOptions, ProtocolClient } from "../protocol/contract.ts";
import { compresses, deflateSettings } from "../protocol/options/deflate.ts";
import { handshake } from "./connection/handshake.ts";
import { ClientLink } from "./connection/link.ts";
import { pageHeaders } from "./http/browser-headers.ts";
import { setCookies } from "./http/cookie-jar.ts";

export const websocketClient: ProtocolClient = {
  async connect({
    url,
    limits,
    cookies,
    options,
    localAddress,
    signal,
    onMessage,
  }: ConnectOptions): Promise<ClientConnection> {
    const cookie = cookies?.header();
    const webSocket = new WebSocket(url, {
      perMessageDeflate: compresses(options) && { zlibDeflateOptions: deflateSettings },
      maxPayload: limits.payloadBytesMax,
      ...(localAddress !== undefined && { localAddress }),
      headers: { ...pageHeaders(options, "upgrade", new URL(url)), ...(cookie !== undefined && { cookie }) },
    });
    let socket: Socket | undefined;
    // The answer 101; `ws` hands it over before it is checked, and one that is refused ends the handshake.
    webSocket.on("upgrade", (answer) => {
      socket = answer.socket;
      cookies?.keep(setCookies(answer.headers));
    });
    // Set before the handshake ends: the server may push in the same segment that carries its 101.
    webSocket.on("message", (data: RawData, isBinary: boolean) => {
      const bytes = data as Buffer;
      onMessage(isBinary ? bytes : bytes.toString());
    });
    webSocket.on("error", () => {});
    await handshake<void>(
      url,
      signal,
      (resolve, reject) => {
        webSocket.once("error", reject).once("open", () => {
          if (compresses(options) && webSocket.extensions === "") {
            reject(new Error("the server takes no permessage-deflate (RFC 7692)"));
          } else resolve();
        });
      },
      () => webSocket.terminate(),
    );

    const link = new ClientLink(
      {
        transmit: (payload) => webSocket.send(payload),
        bufferedBytes: () => webSocket.bufferedAmount,
        end: () => webSocket.close(1000),
        destroy: () => webSocket.terminate(),
      },
      limits,
      webSocket.extensions || undefined,
    );
    // `ws` tells of whole frames only, and a long one may take its time.
    socket?.on("data", link.watch(options));
    webSocket.on("error", (error) => link.ended({ by: "network", message: error.message }));
    webSocket.on("close", (code, reason) => {
      // RFC 6455 section 7.1.5: 1006 means that no close frame was seen.
      const by = code === 1006 ? "network" : "server";
      link.ended({ by, message: `close code ${code}${reason.byteLength > 0 ? ` (${reason})` : ""}` });
    });
    return link;
  },
};
