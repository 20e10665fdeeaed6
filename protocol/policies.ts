/** How a load balancer chooses the node of a connection, and how it knows one that comes back: data only. */

/**
 * For who is not known yet. `round-robin`: each node in turn. `leastconn`: the node with the fewest connections. `source`:
 * by the address the connection comes from. `consistent-hash`: by what the user says of itself, here the parameter `user`
 * of the URL; when a node goes, only its users are spread anew.
 */
export type Balance = "round-robin" | "leastconn" | "source" | "consistent-hash";

/**
 * For who is known. `cookie`: the load balancer gives the user a cookie that names its node. `stick-table`: it remembers
 * which node the user got, by the parameter `user` of the URL.
 */
export type Persistence = "cookie" | "stick-table";

/** `BALANCE` or `BALANCE+PERSISTENCE`. */
export const policies = [
  "round-robin",
  "leastconn",
  "source",
  "consistent-hash",
  "round-robin+cookie",
  "leastconn+cookie",
  "leastconn+stick-table",
] as const satisfies readonly (Balance | `${Balance}+${Persistence}`)[];
export type Policy = (typeof policies)[number];

interface PolicyParts<B, P> {
  readonly balance: B;
  /** Undefined where nothing but the balance brings a user back. */
  readonly persistence: P | undefined;
}

/** What the name of a policy says; also of one that this version does not know, e.g. in results of another. */
export function partsOf(policy: Policy): PolicyParts<Balance, Persistence>;
export function partsOf(name: string): PolicyParts<string, string>;
export function partsOf(name: string): PolicyParts<string, string> {
  const [balance = "", persistence] = name.split("+");
  return { balance, persistence };
}

/** Whether users must say in the URL who they are. */
export function needsUserInUrl(policy: Policy): boolean {
  const { balance, persistence } = partsOf(policy);
  return balance === "consistent-hash" || persistence === "stick-table";
}

/** Whether several connections of one user reach the same node, unless that node is down. */
export function keepsUsers(policy: Policy): boolean {
  const { balance, persistence } = partsOf(policy);
  return persistence !== undefined || balance === "source" || balance === "consistent-hash";
}
