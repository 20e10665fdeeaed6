import type { ClientKind, Traits } from "../../protocol/contract.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import { didYouMean } from "../../protocol/suggestion.ts";
import { clientKindOf, protocolNamed, protocols } from "./protocols.ts";

/** Protocols that a load balancer for HTTP can carry and give a cookie to, and by which a channel reaches its users. */
export const balancedProtocols: readonly Traits[] = protocols
  .map(({ server }) => server.traits)
  .filter(
    ({ schemes, downlink }) => downlink !== "response" && schemes.every((scheme) => /^(http|ws)s?:$/.test(scheme)),
  );

/** What a cluster is made for: one connection, balanced once, that carries both directions. */
export const defaultProtocol: Traits = balancedProtocols.find(
  ({ uplink, downlink }) => uplink === "stream" && downlink === "stream",
)!;

/**
 * What a load balancer sees of a user. `connection`: one that is balanced once and carries everything. `stream`: one
 * that stays open, and requests beside it, each balanced on its own. `requests`: nothing else.
 */
export type BalancedAs = "connection" | "stream" | "requests";

export function balancedAs(name: string): BalancedAs {
  const { uplink, downlink } = balancedProtocolNamed(name);
  if (downlink !== "stream") return "requests";
  return uplink === "stream" ? "connection" : "stream";
}

/** What the users of a cluster speak with: nodes, broker and load balancer are measured, and no client library. */
export const clusterClientOf = (protocol: string): ClientKind => clientKindOf(protocolNamed(protocol), "lean");

/** Throws `usage` for a protocol a cluster cannot speak, and lists those it can. */
export function balancedProtocolNamed(name: string): Traits {
  const found = balancedProtocols.find((traits) => traits.name === name || traits.aliases?.includes(name));
  if (found !== undefined) return found;
  const known = balancedProtocols.map((traits) => traits.name).join(", ");
  const guess = didYouMean(
    name,
    balancedProtocols.map((traits) => traits.name),
  );
  throw new WirebenchError(
    "usage",
    `${guess}expected a protocol that rides on HTTP and brings what nobody asked for (${known}), got "${name}"`,
  );
}
