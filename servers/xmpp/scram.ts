/**
 * Login, the mechanism: SCRAM (RFC 5802; with SHA-256: RFC 7677). The client proves that it knows the password without
 * saying it, then the server proves the same, so that neither a listener nor a false server learns anything.
 *
 *     client  n,,n=user,r=CLIENT                          who, and a nonce nobody has used before
 *     server  r=CLIENT+SERVER,s=SALT,i=4096               the nonce completed, how the password is salted
 *     client  c=biws,r=CLIENT+SERVER,p=PROOF              ClientKey XOR HMAC(StoredKey, all of the above)
 *     server  v=SIGNATURE                                 HMAC(ServerKey, all of the above)
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";
import { scramIterationsMin } from "../../protocol/options/scram-iterations.ts";
import { type SaslExchange, type SaslReply, saslFailure } from "./sasl-reply.ts";

/** By the names of the IANA registry of hash functions, with those of Node. */
const hashes = {
  "SHA-1": { node: "sha1", bytes: 20 },
  "SHA-256": { node: "sha256", bytes: 32 },
} as const;

export type ScramHash = keyof typeof hashes;
/** In the order of preference. */
export const scramHashes: readonly ScramHash[] = ["SHA-256", "SHA-1"];

/** What a server keeps instead of a password (RFC 5802 section 3): enough to check a proof, not enough to make one. */
export interface ScramKeys {
  readonly hash: ScramHash;
  readonly salt: Buffer;
  readonly iterations: number;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** Takes some milliseconds, in which nothing else happens: for the start of a server, not for a login. */
export function deriveScramKeys(
  hash: ScramHash,
  password: string,
  salt: Buffer = randomBytes(16),
  iterations = scramIterationsMin,
): ScramKeys {
  const { node, bytes } = hashes[hash];
  const salted = pbkdf2Sync(password, salt, iterations, bytes, node);
  const storedKey = createHash(node)
    .update(hmac(hash, salted, "Client Key"))
    .digest();
  return { hash, salt, iterations, storedKey, serverKey: hmac(hash, salted, "Server Key") };
}

/** The server's signature for a client's proof (RFC 5802 section 3); undefined if the proof is wrong. Constant time. */
function signature({ hash, storedKey, serverKey }: ScramKeys, authMessage: string, proof: Buffer): Buffer | undefined {
  const { node, bytes } = hashes[hash];
  if (proof.byteLength !== bytes) return undefined;
  const clientSignature = hmac(hash, storedKey, authMessage);
  const clientKey = Buffer.from(proof.map((byte, index) => byte ^ clientSignature[index]!));
  if (!timingSafeEqual(createHash(node).update(clientKey).digest(), storedKey)) return undefined;
  return hmac(hash, serverKey, authMessage);
}

/**
 * RFC 5802 section 7. Of the channel binding flags (section 6), `n` and `y` are taken: `y` says that the client would
 * bind if the server could, and this one never offers to, so nobody has stripped the offer. `p`, a binding that was not
 * offered, is malformed here, and so is an extension the client declares mandatory (`m=`).
 */
const clientFirst = /^([ny],(?:a=([^,]+))?,)(n=([^,]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/;
const clientFinal = /^(c=([^,]+),r=([^,]+)(?:,[^,]+)*),p=([^,]+)$/;

/**
 * One login. `succeed` is asked once the proof is right, with the names as the client gave them, and decides. Names nobody
 * has get the same challenge and, whatever they prove, the same refusal as a wrong password.
 */
export function scramExchange(
  keys: ScramKeys,
  succeed: (name: string, authzid: string, signature: string) => SaslReply,
  serverNonce: () => string = () => randomBytes(18).toString("base64"),
): SaslExchange {
  let next: SaslExchange = (data) => {
    const match = clientFirst.exec(data);
    const name = decodeName(match?.[4]);
    const authzid = decodeName(match?.[2] ?? "");
    if (match === null || name === undefined || authzid === undefined) return saslFailure("malformed-request");
    const [, gs2Header, , bare, , clientNonce] = match;
    const nonce = clientNonce + serverNonce();
    const challenge = `r=${nonce},s=${keys.salt.toString("base64")},i=${keys.iterations}`;
    next = (response) => {
      const final = clientFinal.exec(response);
      if (final === null) return saslFailure("malformed-request");
      const [, withoutProof, binding, echoedNonce, proof] = final;
      const isBound = binding === Buffer.from(gs2Header!).toString("base64");
      const signed = signature(keys, `${bare},${challenge},${withoutProof}`, Buffer.from(proof!, "base64"));
      if (!isBound || echoedNonce !== nonce || signed === undefined) return saslFailure("not-authorized");
      return succeed(name, authzid, `v=${signed.toString("base64")}`);
    };
    return { kind: "challenge", data: challenge };
  };
  return (data) => next(data);
}

/** RFC 5802 section 5.1: a comma and an equals sign are written as `=2C` and `=3D`; undefined for any other `=`. */
function decodeName(name: string | undefined): string | undefined {
  if (name === undefined || /=(?!2C|3D)/.test(name)) return undefined;
  return name.replaceAll("=2C", ",").replaceAll("=3D", "=");
}

const hmac = (hash: ScramHash, key: Buffer, data: string): Buffer =>
  createHmac(hashes[hash].node, key).update(data).digest();
