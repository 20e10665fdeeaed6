/** What the name of a load balancer's policy says: `BALANCE[+PERSISTENCE]`, e.g. `leastconn+cookie`. */

interface PolicyName {
  /** How new users are spread: `round-robin`, `leastconn`, `source` ... */
  readonly balance: string;
  /** What brings a user back to its node: `cookie`, `stick-table` ...; undefined where nothing but the balance does. */
  readonly persistence: string | undefined;
}

export function policyNamed(name: string): PolicyName {
  const [balance = "", persistence] = name.split("+");
  return { balance, persistence };
}
