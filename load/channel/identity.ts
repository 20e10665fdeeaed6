/** By what a load balancer can tell users apart, besides a cookie of its own. */
import { userParameter } from "../../protocol/wires/user-parameter.ts";

/** `url`: `?user=N`. `address`: each connects from a loopback address of its own (Linux has all of 127.0.0.0/8). */
export type KnownBy = "url" | "address";

/** Addresses below 127.0.0.0/16, where everything else listens, are left alone; 254 of each network of 256 are hosts. */
const hostsPerNetwork = 254;

/** What of a connection says who the user is; both undefined for one of many behind one address. */
export function identityOf(
  url: string,
  user: number,
  knownBy: KnownBy | undefined,
): { readonly url: string; readonly localAddress?: string } {
  if (knownBy === undefined) return { url };
  if (knownBy === "address") {
    const network = Math.floor(user / hostsPerNetwork);
    const localAddress = `127.${1 + (network >> 8)}.${network & 0xff}.${1 + (user % hostsPerNetwork)}`;
    return { url, localAddress };
  }
  const named = new URL(url);
  named.searchParams.set(userParameter, String(user));
  return { url: named.href };
}
