/** The conditions of RFC 6120 section 6.5 this server answers with. */
export type SaslCondition =
  | "aborted"
  | "encryption-required"
  | "incorrect-encoding"
  | "invalid-authzid"
  | "invalid-mechanism"
  | "malformed-request"
  | "not-authorized";

export type SaslReply =
  | { readonly kind: "challenge"; readonly data: string }
  /** With the local part of the account, and what the server proves (RFC 6120 section 6.4.6). */
  | { readonly kind: "success"; readonly account: string; readonly data?: string }
  | { readonly kind: "failure"; readonly condition: SaslCondition };

/** One attempt to log in: what the server says to each thing the client says. */
export type SaslExchange = (data: string) => SaslReply;

export const saslFailure = (condition: SaslCondition): SaslReply => ({ kind: "failure", condition });
