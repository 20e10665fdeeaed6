import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";

/** RFC 5802 section 5.1 asks for at least this many. */
const iterations = 4096;
const sha1Bytes = 20;

/**
 * The one account of an embedded server. Holds what SCRAM-SHA-1 needs instead of the password (RFC 5802 section 3),
 * derived once: 4096 rounds at every login would measure PBKDF2.
 */
export class Account {
  readonly name: string;
  readonly iterations = iterations;
  readonly salt = randomBytes(16);
  readonly #storedKey: Buffer;
  readonly #serverKey: Buffer;
  readonly #comparisonKey = randomBytes(32);
  readonly #passwordDigest: Buffer;

  constructor(name: string, password: string) {
    this.name = name;
    const salted = pbkdf2Sync(password, this.salt, iterations, sha1Bytes, "sha1");
    this.#storedKey = sha1(hmac(salted, "Client Key"));
    this.#serverKey = hmac(salted, "Server Key");
    this.#passwordDigest = this.#digest(password);
  }

  /** In constant time, whatever the lengths. */
  hasPassword(password: string): boolean {
    return timingSafeEqual(this.#digest(password), this.#passwordDigest);
  }

  /** Checks the client's proof and returns the server's signature for it (RFC 5802 section 3); undefined if wrong. */
  scramSignature(authMessage: string, proof: Buffer): Buffer | undefined {
    if (proof.byteLength !== sha1Bytes) return undefined;
    const clientSignature = hmac(this.#storedKey, authMessage);
    const clientKey = Buffer.from(proof.map((byte, index) => byte ^ clientSignature[index]!));
    if (!timingSafeEqual(sha1(clientKey), this.#storedKey)) return undefined;
    return hmac(this.#serverKey, authMessage);
  }

  #digest(password: string): Buffer {
    return createHmac("sha256", this.#comparisonKey).update(password).digest();
  }
}

const sha1 = (data: Buffer): Buffer => createHash("sha1").update(data).digest();
const hmac = (key: Buffer, data: string): Buffer => createHmac("sha1", key).update(data).digest();
