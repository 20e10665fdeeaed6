import {
  type Behaviour,
  defaultLimits,
  type ProtocolServer,
  type RunningServer,
  type Traits,
} from "../../protocol/contract.ts";
import { plainLogin } from "../../protocol/options/plain-login.ts";
import { protocols } from "../targets/protocols.ts";

const isXmpp = ({ schemes }: Traits): boolean => schemes.includes("xmpp:");

/** Protocols whose conversations `npm run fuzz` knows: XMPP, and its other bindings. */
export const fuzzed: readonly ProtocolServer[] = protocols
  .map(({ server }) => server)
  .filter(
    ({ traits }, _index, servers) =>
      isXmpp(traits) || servers.some((other) => isXmpp(other.traits) && other.traits.name === traits.variantOf),
  );

const echo: Behaviour = (connection) => ({ message: (payload) => connection.send(payload), closed() {} });

/** Connections that a server made here serves at once. */
export const connectionsMax = 50;

/**
 * An echo server with limits so small that mutations come up against them, and that a leak of a few connections in a hundred
 * thousand stops it.
 */
export const listen = (server: ProtocolServer, behaviour: Behaviour = echo): Promise<RunningServer> =>
  server.listen({
    host: "127.0.0.1",
    port: 0,
    behaviour,
    // What is said then is known, and can be mutated.
    options: { [plainLogin.name]: "on" },
    limits: {
      ...defaultLimits,
      payloadBytesMax: 4096,
      connectionsMax,
      queueBytesMax: 256 * 1024,
      handshakeMs: 5000,
      // Where a session is idle between two requests, its client must have the time to send the next.
      idleMs: server.traits.uplink === "request" ? 1000 : 200,
    },
  });
