import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { scramIterationsMax, scramIterationsMin } from "../../protocol/options/scram-iterations.ts";
import type { Credentials, SaslLogin } from "./sasl.ts";
import { saslprep } from "./saslprep.ts";

/** Hash functions by the names of their mechanisms, and the bytes of a key. */
const hashes = {
  "SCRAM-SHA-1": { name: "sha1", bytes: 20 },
  "SCRAM-SHA-256": { name: "sha256", bytes: 32 },
} as const;

export type ScramMechanism = keyof typeof hashes;

/**
 * RFC 5802, with SHA-256 after RFC 7677. The key is derived by Node (2 ms for 4096 rounds; the mechanism the `@xmpp`
 * packages bring takes 850 ms of CPU), and the server must know it too (they do not look). Throws for a name or a
 * password that SASLprep does not allow. `nonce` is for tests with known answers.
 */
export function scram(
  mechanism: ScramMechanism,
  { username, password }: Credentials,
  nonce = randomBytes(18).toString("base64"),
): SaslLogin {
  const hash = hashes[mechanism];
  const clientFirst = `n=${prepared("user name", username).replaceAll("=", "=3D").replaceAll(",", "=2C")},r=${nonce}`;
  const preparedPassword = prepared("password", password);
  let serverSignature: Buffer | undefined;
  let isProven = false;

  /** The challenge with the salt (RFC 5802 section 5.1); what stands behind the iterations are extensions. */
  async function prove(challenge: string): Promise<string> {
    const match = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+={0,2}),i=([1-9]\d*)(?:,|$)/.exec(challenge);
    if (match === null) throw new Error("the server sent a malformed SCRAM challenge");
    const [, fullNonce, salt, rounds] = match as unknown as [string, string, string, string];
    if (!fullNonce.startsWith(nonce) || fullNonce === nonce) throw new Error("the server's SCRAM nonce is not ours");
    const iterations = Number(rounds);
    if (iterations < scramIterationsMin || iterations > scramIterationsMax) {
      throw new Error(`expected ${scramIterationsMin} to ${scramIterationsMax} SCRAM iterations, got ${rounds}`);
    }
    const keys = await scramKeys(hash, preparedPassword, salt, iterations);
    const withoutProof = `c=biws,r=${fullNonce}`;
    const authMessage = `${clientFirst},${challenge},${withoutProof}`;
    const clientSignature = hmac(hash.name, keys.stored, authMessage);
    const proof = Buffer.from(keys.client.map((byte, index) => byte ^ clientSignature[index]!));
    serverSignature = hmac(hash.name, keys.server, authMessage);
    return `${withoutProof},p=${proof.toString("base64")}`;
  }

  function checkSignature(data: string): void {
    const signature = Buffer.from(/^v=([^,]+)/.exec(data)?.[1] ?? "", "base64");
    if (
      serverSignature === undefined ||
      signature.byteLength !== serverSignature.byteLength ||
      !timingSafeEqual(signature, serverSignature)
    ) {
      throw new Error("the server did not prove that it knows the password (SCRAM signature)");
    }
    isProven = true;
  }

  return {
    mechanism,
    initialResponse: `n,,${clientFirst}`,
    async respond(challenge) {
      if (serverSignature === undefined) return prove(challenge);
      // A server that has no word for it in its success sends the proof as one more challenge (RFC 4422 section 3.6).
      if (isProven) throw new Error("the server sent a SCRAM challenge too many");
      checkSignature(challenge);
      return "";
    },
    succeeded(data) {
      if (!isProven || data !== "") checkSignature(data);
    },
  };
}

interface ScramKeys {
  readonly client: Buffer;
  readonly stored: Buffer;
  readonly server: Buffer;
}

/** More than the accounts of most runs; an entry takes half a KiB. */
const keptMax = 4096;
const kept = new Map<string, Promise<ScramKeys>>();
const derive = promisify(pbkdf2);

/** Forgets all keys: a device that logs in for the first time has none. */
export const forgetScramKeys = (): void => kept.clear();

/** How often this process has derived keys from a password, for tests. */
export const derivations = { count: 0 };

/**
 * The keys of a password, derived once in a process for each salt and number of iterations, as RFC 5802 section 5.1
 * proposes: a thousand users of one account would else take a thousand times PBKDF2 of the generator's cores. They are
 * found by a digest, so that no password stays in memory for it.
 */
function scramKeys(
  hash: (typeof hashes)[ScramMechanism],
  password: string,
  salt: string,
  iterations: number,
): Promise<ScramKeys> {
  const name = createHash("sha256")
    .update(JSON.stringify([hash.name, password, salt, iterations]))
    .digest("base64");
  const known = kept.get(name);
  if (known !== undefined) return known;
  const keys = deriveKeys(hash, password, salt, iterations);
  const [oldest] = kept.keys();
  if (oldest !== undefined && kept.size >= keptMax) kept.delete(oldest);
  kept.set(name, keys);
  keys.catch(() => kept.delete(name));
  return keys;
}

async function deriveKeys(
  { name, bytes }: (typeof hashes)[ScramMechanism],
  password: string,
  salt: string,
  iterations: number,
): Promise<ScramKeys> {
  derivations.count++;
  const salted = await derive(password, Buffer.from(salt, "base64"), iterations, bytes, name);
  const client = hmac(name, salted, "Client Key");
  return { client, stored: createHash(name).update(client).digest(), server: hmac(name, salted, "Server Key") };
}

const hmac = (hash: string, key: Buffer, data: string): Buffer => createHmac(hash, key).update(data).digest();

function prepared(what: string, text: string): string {
  const form = saslprep(text);
  if (form === undefined || form === "")
    throw new Error(`the ${what} has characters that SCRAM does not allow (RFC 4013)`);
  return form;
}
