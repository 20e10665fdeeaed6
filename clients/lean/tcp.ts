import type { ClientConnection, ConnectOptions, ProtocolClient } from "../../protocol/contract.ts";
import { FrameParser, frameKindOf, textFrame, writeFrame } from "../../protocol/wires/frame.ts";
import { readyEvent } from "../connection/dial.ts";
import { handshake } from "../connection/handshake.ts";
import { ClientLink } from "../connection/link.ts";
import { Outbox } from "./outbox.ts";
import { openSocket } from "./socket.ts";

/** The frames of `tcp` without a stream in between, and one write for those sent together. */
export const leanTcpClient: ProtocolClient = {
  async connect({ url, limits, signal, onMessage, onText }: ConnectOptions): Promise<ClientConnection> {
    const target = new URL(url);
    const socket = openSocket(target, (chunk) => parser.push(chunk));
    const outbox = new Outbox(socket, writeFrame);
    const link = new ClientLink(
      {
        transmit: (payload, bytes) => outbox.put(frameKindOf(payload), payload, bytes),
        transmitText: (utf8) => outbox.put(textFrame, utf8, utf8.byteLength),
        together: (sends) => outbox.together(sends),
        writes: () => outbox.writes,
        bufferedBytes: () => outbox.bufferedBytes,
        end: () => void socket.end(),
        destroy: () => void socket.destroy(),
      },
      limits,
    );
    const parser = new FrameParser(limits.payloadBytesMax, {
      message: (payload) => onMessage(typeof payload === "string" ? payload : Buffer.from(payload)),
      ...(onText && { text: onText }),
      refusal: (reason) => link.ended({ by: "server", message: reason }),
      malformed: (reason) => link.ended({ by: "network", message: reason }),
    });
    socket.on("error", () => {});
    await handshake<void>(
      url,
      signal,
      (resolve, reject) => void socket.once(readyEvent(target), resolve).once("error", reject),
      () => void socket.destroy(),
    );
    socket.on("error", (error) => link.ended({ by: "network", message: error.message }));
    socket.on("end", () => link.ended({ by: "server", message: "end of stream" }));
    socket.on("close", () => link.ended({ by: "network", message: "connection lost" }));
    return link;
  },
};
