import { tcpClient } from "../clients/tcp.ts";
import { websocketClient } from "../clients/websocket.ts";
import { tcpServer } from "../servers/tcp.ts";
import { websocketServer } from "../servers/websocket.ts";
import { WirebenchError } from "./errors.ts";
import type { Protocol } from "./protocol.ts";

/** Every protocol wirebench knows, in report order: the floor first. */
export const protocols: readonly Protocol[] = [
  { server: tcpServer, client: tcpClient },
  { server: websocketServer, client: websocketClient },
];

export const protocolNames: readonly string[] = protocols.map(({ server }) => server.traits.name);

/** Throws `usage` and lists what exists. */
export function protocolNamed(name: string): Protocol {
  const found = protocols.find(({ server }) => server.traits.name === name);
  if (found === undefined) {
    throw new WirebenchError("usage", `unknown protocol "${name}": expected one of ${protocolNames.join(", ")}`);
  }
  return found;
}
