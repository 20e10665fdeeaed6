import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

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

/** Work a server may ask of us: a second or so of one core. */
const iterationsMax = 1_000_000;
const deriveKey = promisify(pbkdf2);

/** A login with the best mechanism that both sides have; undefined if there is none. */
export function saslLogin(offered: readonly string[], credentials: Credentials): SaslLogin | undefined {
  if (offered.includes("SCRAM-SHA-1")) return scram(credentials);
  if (offered.includes("PLAIN")) return plain(credentials);
  return undefined;
}

/** RFC 4616. */
const plain = ({ username, password }: Credentials): SaslLogin => ({
  mechanism: "PLAIN",
  initialResponse: `\0${username}\0${password}`,
  respond: () => Promise.reject(new Error("the server answered PLAIN with a challenge")),
  succeeded: () => {},
});

/**
 * RFC 5802 with SHA-1 and no channel binding. The key is derived by Node (2 ms for 4096 rounds; the mechanism the
 * `@xmpp` packages bring takes 850 ms of CPU), and the server must know it too (they do not look).
 */
function scram({ username, password }: Credentials): SaslLogin {
  const name = username.replaceAll("=", "=3D").replaceAll(",", "=2C");
  const nonce = randomBytes(18).toString("base64");
  const clientFirst = `n=${name},r=${nonce}`;
  let serverSignature: Buffer | undefined;

  return {
    mechanism: "SCRAM-SHA-1",
    initialResponse: `n,,${clientFirst}`,

    async respond(challenge) {
      const match = /^r=([^,]+),s=([^,]+),i=(\d+)(?:,|$)/.exec(challenge);
      if (match === null || serverSignature !== undefined)
        throw new Error("the server sent a malformed SCRAM challenge");
      const [, fullNonce, salt, rounds] = match as unknown as [string, string, string, string];
      if (!fullNonce.startsWith(nonce) || fullNonce === nonce) throw new Error("the server's SCRAM nonce is not ours");
      const iterations = Number(rounds);
      if (iterations < 1 || iterations > iterationsMax) {
        throw new Error(`expected 1 to ${iterationsMax} SCRAM iterations, got ${rounds}`);
      }
      // SASLprep (RFC 4013) is, for what people use as passwords, this normal form.
      const salted = await deriveKey(password.normalize("NFKC"), Buffer.from(salt, "base64"), iterations, 20, "sha1");
      const withoutProof = `c=biws,r=${fullNonce}`;
      const authMessage = `${clientFirst},${challenge},${withoutProof}`;
      const clientKey = hmac(salted, "Client Key");
      const clientSignature = hmac(createHash("sha1").update(clientKey).digest(), authMessage);
      const proof = Buffer.from(clientKey.map((byte, index) => byte ^ clientSignature[index]!));
      serverSignature = hmac(hmac(salted, "Server Key"), authMessage);
      return `${withoutProof},p=${proof.toString("base64")}`;
    },

    succeeded(data) {
      const signature = Buffer.from(/^v=([^,]+)/.exec(data)?.[1] ?? "", "base64");
      if (
        serverSignature === undefined ||
        signature.byteLength !== serverSignature.byteLength ||
        !timingSafeEqual(signature, serverSignature)
      ) {
        throw new Error("the server did not prove that it knows the password (SCRAM signature)");
      }
    },
  };
}

const hmac = (key: Buffer, data: string): Buffer => createHmac("sha1", key).update(data).digest();
