import { tcpClient } from "../clients/tcp.ts";
import { websocketClient } from "../clients/websocket.ts";
import { tcpServer } from "../servers/tcp.ts";
import { websocketServer } from "../servers/websocket.ts";
import type { Protocol } from "./protocol.ts";

/** Every protocol wirebench knows, in report order: the floor first. */
export const protocols: readonly Protocol[] = [
  { server: tcpServer, client: tcpClient },
  { server: websocketServer, client: websocketClient },
];
