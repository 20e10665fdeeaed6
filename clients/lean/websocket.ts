import type { ClientConnection, CloseReason, ConnectOptions, ProtocolClient } from "../../protocol/contract.ts";
import { handshake } from "../connection/handshake.ts";
import { ClientLink, closeWaitMs } from "../connection/link.ts";
import { Outbox } from "./outbox.ts";
import { openSocket } from "./socket.ts";
import { Upgrade } from "./upgrade.ts";
import { encodeMaskedFrame, FrameReader, opcodes } from "./websocket-frames.ts";

const ignore = (): void => {};

/** RFC 6455 with little on top of the socket: for a load generator that is not to be the limit. */
export const leanWebsocketClient: ProtocolClient = {
  connect({ url, limits, cookies, signal, onMessage, onText }: ConnectOptions): Promise<ClientConnection> {
    const target = new URL(url);
    const connected = target.protocol === "wss:" ? "secureConnect" : "connect";
    let upgrade: Upgrade | undefined = new Upgrade(target, cookies?.header());
    let link: ClientLink | undefined;
    let closeSent = false;
    /** Of the server's close frame. */
    let goodbye: CloseReason | undefined;
    // What waits for the handshake; let go of when it is over, since a connection may stay for long.
    let shaken: (link: ClientLink) => void = ignore;
    let failed: (cause: unknown) => void = ignore;
    const socket = openSocket(target, (chunk) => {
      if (upgrade === undefined) return frames.push(chunk);
      try {
        const agreed = upgrade.push(chunk);
        if (agreed === undefined) return;
        upgrade = undefined;
        cookies?.keep(agreed.setCookies);
        shaken(open());
        shaken = failed = ignore;
        frames.push(agreed.rest);
      } catch (error) {
        if (link !== undefined) throw error;
        upgrade = undefined;
        failed(error);
      }
    });
    const outbox = new Outbox(socket, encodeMaskedFrame);
    const sendClose = (code: number): void => {
      if (closeSent) return;
      closeSent = true;
      const body = Buffer.alloc(code === 1005 ? 0 : 2);
      if (code !== 1005) body.writeUInt16BE(code, 0);
      outbox.put(opcodes.close, body, body.byteLength);
    };
    const frames = new FrameReader(limits.payloadBytesMax, {
      text: (utf8) => (onText === undefined ? onMessage(utf8.toString()) : onText(utf8)),
      binary: (bytes) => onMessage(Buffer.from(bytes)),
      ping(bytes) {
        // A peer that asks without reading what it is answered gets no more than what others may have waiting.
        if (!closeSent && outbox.bufferedBytes <= limits.queueBytesMax) {
          outbox.put(opcodes.pong, bytes, bytes.byteLength);
        }
      },
      close(code, reason) {
        goodbye = { by: "server", message: `close code ${code}${reason === "" ? "" : ` (${reason})`}` };
        sendClose(code);
        // The server closes first (section 7.1.1), but not for ever.
        socket.end();
        setTimeout(ended, closeWaitMs).unref();
      },
      malformed(code, reason) {
        sendClose(code);
        link?.ended({ by: "network", message: reason });
      },
    });
    const lost: CloseReason = { by: "network", message: "close code 1006" };
    const ended = (reason = lost): void => link?.ended(goodbye ?? reason);

    function open(): ClientLink {
      link = new ClientLink(
        {
          transmit: (payload, bytes) =>
            outbox.put(typeof payload === "string" ? opcodes.text : opcodes.binary, payload, bytes),
          transmitText: (utf8) => outbox.put(opcodes.text, utf8, utf8.byteLength),
          together: (sends) => outbox.together(sends),
          writes: () => outbox.writes,
          bufferedBytes: () => outbox.bufferedBytes,
          end: () => sendClose(1000),
          destroy: () => void socket.destroy(),
        },
        limits,
      );
      return link;
    }

    socket.on("error", (error) =>
      link === undefined ? failed(error) : ended({ by: "network", message: error.message }),
    );
    socket.on("end", () => (link === undefined ? failed(new Error("socket hang up")) : ended()));
    socket.on("close", () => (link === undefined ? failed(new Error("socket hang up")) : ended()));
    return handshake<ClientConnection>(
      url,
      signal,
      (resolve, reject) => {
        [shaken, failed] = [resolve, (cause) => reject(cause)];
        socket.once(connected, () => socket.write(upgrade!.request, "latin1"));
      },
      () => void socket.destroy(),
    );
  },
};
