/** SCRAM (RFC 5802; with SHA-256: RFC 7677) by Web Cryptography, which browsers bring on trustworthy origins. */
import { saslprep } from "../../xmpp/saslprep.ts";
import { fromBase64, toBase64 } from "../http/json-message.ts";

const hashes = {
  "SCRAM-SHA-256": { hash: "SHA-256", bits: 256 },
  "SCRAM-SHA-1": { hash: "SHA-1", bits: 160 },
} as const;

export type ScramMechanism = keyof typeof hashes;

/** Best first. */
export const scramMechanisms = Object.keys(hashes) as ScramMechanism[];

function prepared(what: string, text: string): string {
  const allowed = saslprep(text);
  if (allowed === undefined) throw new Error(`SASLprep (RFC 4013) does not allow the ${what}`);
  return allowed;
}

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

export interface Scram {
  readonly initialResponse: string;
  respond(challenge: string): Promise<string>;
  /** Throws where the server has not proved that it knows the password. */
  succeeded(data: string): void;
}

export function scram(mechanism: ScramMechanism, username: string, password: string): Scram {
  const { hash, bits } = hashes[mechanism];
  const nonce = toBase64(crypto.getRandomValues(new Uint8Array(18)));
  const clientFirst = `n=${prepared("user name", username).replaceAll("=", "=3D").replaceAll(",", "=2C")},r=${nonce}`;
  let expected: string | undefined;

  async function hmac(key: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array<ArrayBuffer>> {
    const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash }, false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign("HMAC", imported, utf8(text)));
  }

  return {
    initialResponse: `n,,${clientFirst}`,
    async respond(challenge) {
      const match = /^r=([^,]+),s=([^,]+),i=(\d+)/.exec(challenge);
      if (match === null || !match[1]!.startsWith(nonce))
        throw new Error("the server sent a SCRAM challenge of others");
      const [, fullNonce, salt, iterations] = match as unknown as [string, string, string, string];
      const key = await crypto.subtle.importKey("raw", utf8(prepared("password", password)), "PBKDF2", false, [
        "deriveBits",
      ]);
      const derivation = { name: "PBKDF2", hash, salt: fromBase64(salt), iterations: Number(iterations) };
      const salted = new Uint8Array(await crypto.subtle.deriveBits(derivation, key, bits));
      const clientKey = await hmac(salted, "Client Key");
      const storedKey = new Uint8Array(await crypto.subtle.digest(hash, clientKey));
      const withoutProof = `c=biws,r=${fullNonce}`;
      const authMessage = `${clientFirst},${challenge},${withoutProof}`;
      const signature = await hmac(storedKey, authMessage);
      const proof = clientKey.map((byte, index) => byte ^ signature[index]!);
      expected = toBase64(await hmac(await hmac(salted, "Server Key"), authMessage));
      return `${withoutProof},p=${toBase64(proof)}`;
    },
    succeeded(data) {
      if (expected === undefined || data !== `v=${expected}`) {
        throw new Error("the server did not prove that it knows the password (SCRAM signature)");
      }
    },
  };
}
