import { scram } from "./scram.ts";

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** The client's side of one login (RFC 6120 section 6.4). Throws where the server does not prove what it must. */
export interface SaslLogin {
  readonly mechanism: string;
  readonly initialResponse: string;
  respond(challenge: string): Promise<string>;
  /** Checks what came with `<success/>`. */
  succeeded(data: string): void;
}

/** What a login may do. */
export interface SaslPolicy {
  /** The one mechanism to log in with; undefined: the best that both sides have. Asking for `PLAIN` allows it. */
  readonly mechanism: string | undefined;
  /** Nobody between here and the server can read: TLS, or an address of this host. */
  readonly isPrivate: boolean;
}

/** Best first. */
export const saslMechanisms = ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"] as const;
type Mechanism = (typeof saslMechanisms)[number];

const logins: { readonly [Name in Mechanism]: (credentials: Credentials) => SaslLogin } = {
  "SCRAM-SHA-256": (credentials) => scram("SCRAM-SHA-256", credentials),
  "SCRAM-SHA-1": (credentials) => scram("SCRAM-SHA-1", credentials),
  PLAIN: plain,
};

/**
 * A login with the best mechanism that both sides have, or the one that is insisted on. PLAIN shows the password to
 * whoever can read along, so it is not used where somebody could, unless it was asked for by name (RFC 6120 section
 * 13.8.3). Throws where no mechanism is left.
 */
export function saslLogin(offered: readonly string[], credentials: Credentials, policy: SaslPolicy): SaslLogin {
  const { mechanism: wanted, isPrivate } = policy;
  const offers = `the server offers ${offered.join(", ") || "none"}`;
  if (wanted !== undefined) {
    const known = saslMechanisms.find((mechanism) => mechanism === wanted);
    if (known === undefined) refuse(`expected a SASL mechanism of ${saslMechanisms.join(", ")}, got ${wanted}`);
    if (!offered.includes(known)) refuse(`expected SASL ${known}, ${offers}`);
    return logins[known](credentials);
  }
  const best = saslMechanisms.find((mechanism) => offered.includes(mechanism));
  if (best === undefined) refuse(`expected SASL ${saslMechanisms.join(" or ")}, ${offers}`);
  if (best === "PLAIN" && !isPrivate) {
    refuse(
      "SASL PLAIN without TLS would show the password on the network, and of the mechanisms wirebench has, the server " +
        "offers no other: use TLS, or ask for it with ?mechanism=PLAIN in the URL",
    );
  }
  return logins[best](credentials);
}

/** RFC 4616. */
function plain({ username, password }: Credentials): SaslLogin {
  return {
    mechanism: "PLAIN",
    initialResponse: `\0${username}\0${password}`,
    respond: () => Promise.reject(new Error("the server answered PLAIN with a challenge")),
    succeeded: () => {},
  };
}

function refuse(message: string): never {
  throw new Error(message);
}
