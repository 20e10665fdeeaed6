import { randomBytes } from "node:crypto";
import type { Account } from "./account.ts";

/** The conditions of RFC 6120 section 6.5 this server answers with. */
export type SaslCondition =
  | "aborted"
  | "incorrect-encoding"
  | "invalid-authzid"
  | "invalid-mechanism"
  | "malformed-request"
  | "not-authorized";

export type SaslReply =
  | { readonly kind: "challenge"; readonly data: string }
  | { readonly kind: "success"; readonly data?: string }
  | { readonly kind: "failure"; readonly condition: SaslCondition };

/** One attempt to log in: what the server says to each thing the client says. */
export type SaslExchange = (data: string) => SaslReply;

/** In the order of the server's preference. */
export const saslMechanisms = ["SCRAM-SHA-1", "PLAIN"] as const;

/** An exchange for the mechanism named, or undefined if there is none. */
export function saslExchange(
  mechanism: string | undefined,
  account: Account,
  domain: string,
): SaslExchange | undefined {
  const mayActAs = (authzid: string): boolean => authzid === "" || authzid === `${account.name}@${domain}`;
  if (mechanism === "PLAIN") return plain(account, mayActAs);
  if (mechanism === "SCRAM-SHA-1") return scram(account, mayActAs);
  return undefined;
}

export const saslFailure = (condition: SaslCondition): SaslReply => ({ kind: "failure", condition });

/** RFC 4616. */
const plain =
  (account: Account, mayActAs: (authzid: string) => boolean): SaslExchange =>
  (data) => {
    const parts = data.split("\0");
    if (parts.length !== 3) return saslFailure("malformed-request");
    const [authzid, name, password] = parts as [string, string, string];
    if (!account.hasPassword(password) || name !== account.name) return saslFailure("not-authorized");
    return mayActAs(authzid) ? { kind: "success" } : saslFailure("invalid-authzid");
  };

/** RFC 5802 section 7. A `p` (channel binding) is malformed here, since no mechanism with it is offered. */
const clientFirst = /^([ny],(?:a=([^,]+))?,)(n=([^,]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/;
const clientFinal = /^(c=([^,]+),r=([^,]+)(?:,[^,]+)*),p=([^,]+)$/;

/** RFC 5802 with SHA-1, the mechanism every XMPP server must have (RFC 6120 section 13.8). */
function scram(account: Account, mayActAs: (authzid: string) => boolean): SaslExchange {
  const step = { first: (data: string) => first(data), next: undefined as SaslExchange | undefined };

  function first(data: string): SaslReply {
    const match = clientFirst.exec(data);
    if (match === null) return saslFailure("malformed-request");
    const [, gs2Header, authzid, bare, name, clientNonce] = match;
    const nonce = clientNonce + randomBytes(18).toString("base64");
    const challenge = `r=${nonce},s=${account.salt.toString("base64")},i=${account.iterations}`;
    step.next = (response) => {
      const final = clientFinal.exec(response);
      if (final === null) return saslFailure("malformed-request");
      const [, withoutProof, binding, echoedNonce, proof] = final;
      const isBound = binding === Buffer.from(gs2Header!).toString("base64");
      if (!isBound || echoedNonce !== nonce || decodeName(name!) !== account.name) return saslFailure("not-authorized");
      const signature = account.scramSignature(`${bare},${challenge},${withoutProof}`, Buffer.from(proof!, "base64"));
      if (signature === undefined) return saslFailure("not-authorized");
      if (!mayActAs(decodeName(authzid ?? ""))) return saslFailure("invalid-authzid");
      return { kind: "success", data: `v=${signature.toString("base64")}` };
    };
    return { kind: "challenge", data: challenge };
  }

  return (data) => (step.next ?? step.first)(data);
}

const decodeName = (name: string): string => name.replaceAll("=2C", ",").replaceAll("=3D", "=");

/** The text of an `<auth/>` or `<response/>` (RFC 6120 section 6.4.2); undefined if it is not base64. */
export function decodeSasl(text: string): string | undefined {
  if (text === "=") return "";
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  return Buffer.from(text, "base64").toString();
}
