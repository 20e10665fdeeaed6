/** Login, the choice: which SASL mechanisms (RFC 6120 section 6) there are, and who is let in by them. */
import type { Accounts } from "./accounts.ts";
import { type SaslExchange, type SaslReply, saslFailure } from "./sasl-reply.ts";
import { scramExchange, scramHashes } from "./scram.ts";

/** What decides on a login. */
export interface SaslPolicy {
  readonly accounts: Accounts;
  readonly domain: string;
  /** PLAIN says the password, so RFC 6120 section 13.9.4 wants it only where nobody else can hear. */
  readonly plain: boolean;
}

/** All that a target may offer, best first. */
export const knownMechanisms: readonly string[] = [...scramHashes.map((hash) => `SCRAM-${hash}`), "PLAIN"];

/** In the order of the server's preference. */
export const saslMechanisms = ({ plain }: SaslPolicy): string[] => [
  ...scramHashes.map((hash) => `SCRAM-${hash}`),
  ...(plain ? ["PLAIN"] : []),
];

/** An exchange for the mechanism a client names, or the refusal. */
export function saslExchange(mechanism: string | undefined, policy: SaslPolicy): SaslExchange | SaslReply {
  if (mechanism === "PLAIN") return policy.plain ? plainExchange(policy) : saslFailure("encryption-required");
  const hash = scramHashes.find((name) => mechanism === `SCRAM-${name}`);
  if (hash === undefined) return saslFailure("invalid-mechanism");
  return scramExchange(policy.accounts.keys(hash), (name, authzid, data) => admit(policy, name, authzid, data));
}

/** RFC 4616: `authzid NUL authcid NUL password`. */
const plainExchange =
  (policy: SaslPolicy): SaslExchange =>
  (data) => {
    const parts = data.split("\0");
    if (parts.length !== 3) return saslFailure("malformed-request");
    const [authzid, name, password] = parts as [string, string, string];
    return policy.accounts.hasPassword(password) ? admit(policy, name, authzid) : saslFailure("not-authorized");
  };

/** Who has proved to know the password is let in as the account it names, and as no other (RFC 6120 section 6.3.8). */
function admit({ accounts, domain }: SaslPolicy, name: string, authzid: string, data?: string): SaslReply {
  // Enough of RFC 7622 section 3.3 for names that are ASCII.
  const account = name.toLowerCase();
  if (!accounts.has(account)) return saslFailure("not-authorized");
  if (authzid !== "" && authzid.toLowerCase() !== `${account}@${domain}`) return saslFailure("invalid-authzid");
  return data === undefined ? { kind: "success", account } : { kind: "success", account, data };
}

/** The text of an `<auth/>` or `<response/>` (RFC 6120 section 6.4.2); undefined if it is not base64. */
export function decodeSasl(text: string): string | undefined {
  if (text === "=") return "";
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  return Buffer.from(text, "base64").toString();
}
