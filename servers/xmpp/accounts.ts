import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { deriveScramKeys, type ScramHash, type ScramKeys } from "./scram.ts";

/** The account of a URL that names none. */
export const mainAccount = "wirebench";

/** As many as a benchmark has users, each with an address of its own. */
const numberedAccount = /^user(?:0|[1-9]\d{0,5})$/;

/**
 * Login, the accounts: `wirebench`, `user0`, `user1`, ... up to `user999999`, all with one password, so that any number of
 * users can log in without having been registered.
 *
 * Of the password only what SCRAM needs is kept, derived once at the start: 4096 rounds at every login would measure
 * PBKDF2. Where accounts have passwords of their own, each has its own salt, and a name nobody has is answered with one
 * made from the name and a secret, so that a challenge does not tell who exists. Here one salt is everybody's, known or not.
 */
export class Accounts {
  readonly #keys: Readonly<Record<ScramHash, ScramKeys>>;
  readonly #comparisonKey = randomBytes(32);
  readonly #passwordDigest: Buffer;

  /** `iterations` of SCRAM, at least 4096. */
  constructor(password: string, iterations?: number) {
    this.#keys = {
      "SHA-1": deriveScramKeys("SHA-1", password, randomBytes(16), iterations),
      "SHA-256": deriveScramKeys("SHA-256", password, randomBytes(16), iterations),
    };
    this.#passwordDigest = this.#digest(password);
  }

  /** Whether an account has this local part, in lower case. */
  has(localPart: string): boolean {
    return localPart === mainAccount || numberedAccount.test(localPart);
  }

  /** In constant time, whatever the lengths. */
  hasPassword(password: string): boolean {
    return timingSafeEqual(this.#digest(password), this.#passwordDigest);
  }

  keys(hash: ScramHash): ScramKeys {
    return this.#keys[hash];
  }

  #digest(password: string): Buffer {
    return createHmac("sha256", this.#comparisonKey).update(password).digest();
  }
}
