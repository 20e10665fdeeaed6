import { longPollingClient } from "../../clients/long-polling.ts";
import { shortPollingClient } from "../../clients/short-polling.ts";
import { sseClient } from "../../clients/sse.ts";
import { tcpClient } from "../../clients/tcp.ts";
import { websocketClient } from "../../clients/websocket.ts";
import { xmppClient } from "../../clients/xmpp.ts";
import type { Protocol } from "../../protocol/contract.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import { longPollingServer } from "../../servers/long-polling.ts";
import { shortPollingServer } from "../../servers/short-polling.ts";
import { sseServer } from "../../servers/sse.ts";
import { tcpServer } from "../../servers/tcp.ts";
import { websocketServer } from "../../servers/websocket.ts";
import { xmppServer } from "../../servers/xmpp.ts";

/** Every protocol wirebench knows, in report order: the floor first. */
export const protocols: readonly Protocol[] = [
  { server: tcpServer, client: tcpClient },
  { server: websocketServer, client: websocketClient },
  { server: sseServer, client: sseClient },
  { server: shortPollingServer, client: shortPollingClient },
  { server: longPollingServer, client: longPollingClient },
  { server: xmppServer, client: xmppClient },
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
