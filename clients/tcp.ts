import type { ClientConnection, ConnectOptions, ProtocolClient } from "../protocol/contract.ts";
import { encodeFrame, FrameParser } from "../protocol/wires/frame.ts";
import { dial, readyEvent } from "./connection/dial.ts";
import { handshake } from "./connection/handshake.ts";
import { ClientLink } from "./connection/link.ts";

export const tcpClient: ProtocolClient = {
  async connect({ url, limits, signal, onMessage }: ConnectOptions): Promise<ClientConnection> {
    const target = new URL(url);
    const socket = dial(target);
    socket.on("error", () => {});
    await handshake<void>(
      url,
      signal,
      (resolve, reject) => void socket.once(readyEvent(target), resolve).once("error", reject),
      () => void socket.destroy(),
    );

    const link = new ClientLink(
      {
        transmit: (payload) => void socket.write(encodeFrame(payload)),
        bufferedBytes: () => socket.writableLength,
        end: () => void socket.end(),
        destroy: () => void socket.destroy(),
      },
      limits,
    );
    const parser = new FrameParser(limits.payloadBytesMax, {
      message: onMessage,
      refusal: (reason) => link.ended({ by: "server", message: reason }),
      malformed: (reason) => link.ended({ by: "network", message: reason }),
    });
    socket.on("data", (chunk) => parser.push(chunk));
    socket.on("error", (error) => link.ended({ by: "network", message: error.message }));
    socket.on("end", () => link.ended({ by: "server", message: "end of stream" }));
    socket.on("close", () => link.ended({ by: "network", message: "connection lost" }));
    return link;
  },
};
