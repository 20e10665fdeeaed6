import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import type { ListenOptions, ProtocolServer, RunningServer } from "../protocol/contract.ts";
import type { ServerLink } from "./connection/link.ts";
import { closeServer, listenOn, trackSockets } from "./connection/listening.ts";
import { Account } from "./xmpp/account.ts";
import { Router } from "./xmpp/router.ts";
import type { XmppHost } from "./xmpp/session.ts";
import { XmppTcpStream } from "./xmpp/tcp-stream.ts";

const domain = "localhost";
const accountName = "wirebench";

/**
 * XMPP over TCP (RFC 6120), with one account that may have any number of resources. A message to the server's domain
 * goes to the behaviour; one to a full JID is routed there. No TLS, roster, presence, offline store or federation.
 */
export const xmppServer: ProtocolServer = {
  traits: {
    name: "xmpp",
    aliases: ["jabber"],
    title: "XMPP",
    summary: "RFC 6120: XML stanzas on a TCP stream, after login and resource binding",
    uplink: "stream",
    downlink: "stream",
    framing: "text",
    schemes: ["xmpp:"],
    foreignContract:
      "a plain account with SASL PLAIN or SCRAM-SHA-1 and without TLS, that delivers messages to its own full JID " +
      "(xmpp://USER:PASSWORD@HOST:PORT/), or an address that echoes (xmpp://USER:PASSWORD@HOST:PORT/JID)",
    specification: "RFC 6120",
    libraries: { server: ["@xmpp/xml", "@xmpp/jid"], client: ["@xmpp/client-core", "@xmpp/tcp", "@xmpp/xml"] },
  },

  async listen({ host: address, port, behaviour, limits }: ListenOptions): Promise<RunningServer> {
    const password = randomBytes(16).toString("base64url");
    const links = new Set<ServerLink>();
    const host: XmppHost = {
      account: new Account(accountName, password),
      router: new Router(domain),
      behaviour,
      limits,
      links,
      sessions: new Set(),
    };
    const server = createServer({ noDelay: true, allowHalfOpen: false }, (socket) => {
      const stream = new XmppTcpStream(socket, host);
      // Those still logging in count too, so that nobody can hold more of them than of the others.
      if (host.sessions.size > limits.connectionsMax) stream.fail("resource-constraint", "too many connections");
    });
    const sockets = trackSockets(server);
    const authority = await listenOn(server, address, port);
    return {
      url: `xmpp://${accountName}:${password}@${authority}/${domain}`,
      get connections() {
        return links.size;
      },
      close: () => closeServer(server, sockets),
    };
  },
};
