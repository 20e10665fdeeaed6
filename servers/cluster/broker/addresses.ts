/** Where a broker of several processes can be asked. */

/**
 * The addresses of a broker's URL, which has several with commas between them as the brokers' own clients write it.
 * Nodes begin at different ones, as clients in the field do, and always at the same: by the number their name ends with.
 */
export function addressesOf(url: string, node: string): readonly URL[] {
  const [, scheme, hosts, rest] = /^(.*?:\/\/)([^/?#]*)(.*)$/.exec(url)! as unknown as readonly [
    string,
    string,
    string,
    string,
  ];
  const addresses = hosts.split(",").map((host) => new URL(scheme + host + rest));
  const first = Number(/\d*$/.exec(node)![0]) % addresses.length;
  return [...addresses.slice(first), ...addresses.slice(0, first)];
}

/** The first attempt that succeeds, one after the other; rejects as the last one does. */
export async function firstOf<T>(addresses: readonly URL[], attempt: (address: URL) => Promise<T>): Promise<T> {
  let reason: unknown;
  for (const address of addresses) {
    try {
      return await attempt(address);
    } catch (error) {
      reason = error;
    }
  }
  throw reason;
}
