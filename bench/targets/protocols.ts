import { boshClient } from "../../clients/bosh.ts";
import { httpClient } from "../../clients/http.ts";
import { leanSseClient } from "../../clients/lean/sse.ts";
import { leanTcpClient } from "../../clients/lean/tcp.ts";
import { leanWebsocketClient } from "../../clients/lean/websocket.ts";
import { longPollingClient } from "../../clients/long-polling.ts";
import { longPollingPage } from "../../clients/page/long-polling.ts";
import { shortPollingPage } from "../../clients/page/short-polling.ts";
import { ssePage } from "../../clients/page/sse.ts";
import { websocketPage } from "../../clients/page/websocket.ts";
import { xmppWebsocketPage } from "../../clients/page/xmpp-websocket.ts";
import { shortPollingClient } from "../../clients/short-polling.ts";
import { sseClient } from "../../clients/sse.ts";
import { tcpClient } from "../../clients/tcp.ts";
import { websocketClient } from "../../clients/websocket.ts";
import { xmppClient } from "../../clients/xmpp.ts";
import { xmppWebsocketClient } from "../../clients/xmpp-websocket.ts";
import type { ClientKind, Options, Protocol, ProtocolClient } from "../../protocol/contract.ts";
import { named } from "../../protocol/suggestion.ts";
import { boshServer } from "../../servers/bosh.ts";
import { httpServer } from "../../servers/http.ts";
import { longPollingServer } from "../../servers/long-polling.ts";
import { shortPollingServer } from "../../servers/short-polling.ts";
import { sseServer } from "../../servers/sse.ts";
import { tcpServer } from "../../servers/tcp.ts";
import { websocketServer } from "../../servers/websocket.ts";
import { xmppServer } from "../../servers/xmpp.ts";
import { xmppWebsocketServer } from "../../servers/xmpp-websocket.ts";

/** Every protocol wirebench knows, in report order: the floor first. */
export const protocols: readonly Protocol[] = [
  { server: tcpServer, client: tcpClient, lean: leanTcpClient },
  { server: websocketServer, client: websocketClient, lean: leanWebsocketClient, page: websocketPage },
  { server: sseServer, client: sseClient, lean: leanSseClient, page: ssePage },
  { server: httpServer, client: httpClient },
  { server: shortPollingServer, client: shortPollingClient, page: shortPollingPage },
  { server: longPollingServer, client: longPollingClient, page: longPollingPage },
  { server: xmppServer, client: xmppClient },
  { server: xmppWebsocketServer, client: xmppWebsocketClient, page: xmppWebsocketPage },
  { server: boshServer, client: boshClient },
];

export const protocolNames: readonly string[] = protocols.map(({ server }) => server.traits.name);

/** Those that no other one stands for: what is compared where time is short. */
export const mainProtocolNames: readonly string[] = protocols
  .filter(({ server }) => server.traits.variantOf === undefined)
  .map(({ server }) => server.traits.name);

/** The kind of client that a protocol is spoken with, by these options, where this one is asked for. */
export const clientKindOf = (protocol: Protocol, asked: ClientKind, options?: Options): ClientKind =>
  clientsOf(protocol, options).some(([kind]) => kind === asked) ? asked : "library";

/** As many as it has that speak it by these options, with their kinds. */
export function clientsOf(
  { client, lean, server }: Protocol,
  options: Options = {},
): readonly (readonly [ClientKind, ProtocolClient])[] {
  const isLeanOut = server.traits.options?.some(({ name, libraryOnly }) => libraryOnly && name in options);
  return [["library", client], ...(lean === undefined || isLeanOut ? [] : ([["lean", lean]] as const))];
}

/** By its name or another it is known by. Throws `usage` and lists what exists. */
export function protocolNamed(name: string): Protocol {
  const alias = protocols.find(({ server }) => server.traits.aliases?.includes(name));
  return alias ?? named("protocol", name, protocols, ({ server }) => server.traits.name);
}
