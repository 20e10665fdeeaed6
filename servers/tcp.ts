import type { Socket } from "node:net";
import type { ListenOptions, ProtocolServer, RunningServer } from "../protocol/contract.ts";
import { tls as tlsOption } from "../protocol/options/tls.ts";
import { encodeFrame, encodeRefusal, FrameParser, frameHeaderBytes } from "../protocol/wires/frame.ts";
import { ServerLink } from "./connection/link.ts";
import { closeServer, createListener, destroyAfter, listenOn, trackSockets } from "./connection/listening.ts";
import { certificateOf, serverTls } from "./connection/tls.ts";

/** Length-prefixed messages on a bare TCP connection: the floor every protocol is compared with. */
export const tcpServer: ProtocolServer = {
  traits: {
    name: "tcp",
    title: "TCP",
    summary: "length-prefixed messages on a bare TCP connection: the floor the others stand on",
    uplink: "stream",
    downlink: "stream",
    framing: "binary",
    floor: true,
    schemes: ["tcp:", "tcps:"],
    foreignContract: "echo every frame: 4-byte big-endian length, 1-byte kind (0 text, 1 binary), payload",
    specification: "RFC 9293",
    options: [tlsOption],
    framingBytes: () => frameHeaderBytes,
    libraries: { server: [], client: [] },
  },

  async listen({ host, port, behaviour, limits, options }: ListenOptions): Promise<RunningServer> {
    const links = new Set<ServerLink>();
    const tls = await serverTls(options);
    const server = createListener(tls, limits, (socket) => {
      if (links.size >= limits.connectionsMax) refuse(socket, "too many connections");
      else serve(socket);
    });
    const sockets = trackSockets(server);
    const authority = await listenOn(server, host, port);

    function serve(socket: Socket): void {
      const link = new ServerLink(
        {
          transmit: (payload) => void socket.write(encodeFrame(payload)),
          queuedBytes: () => socket.writableLength,
          end: () => {
            socket.end();
            destroyAfter(socket, limits.handshakeMs);
          },
          endSlowConsumer: () => void socket.destroy(),
        },
        behaviour,
        limits,
        links,
      );
      const parser = new FrameParser(limits.payloadBytesMax, {
        message: (payload) => link.receive(payload),
        refusal: () => {},
        malformed: (reason) => {
          link.ended();
          refuse(socket, reason);
        },
      });
      socket.on("data", (chunk) => parser.push(chunk));
      socket.on("error", () => {});
      socket.on("close", () => link.ended());
    }

    /** Says why, then closes; a peer that does not read the reason is cut off after the handshake time. */
    function refuse(socket: Socket, reason: string): void {
      socket.on("error", () => {});
      socket.resume();
      socket.end(encodeRefusal(reason));
      destroyAfter(socket, limits.handshakeMs);
    }

    return {
      url: `${tls ? "tcps" : "tcp"}://${authority}/`,
      ...certificateOf(tls),
      get connections() {
        return links.size;
      },
      close: () => closeServer(server, sockets),
    };
  },
};
