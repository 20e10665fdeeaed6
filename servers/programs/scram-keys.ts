/** What a server keeps of a password instead of it. */
import { createHash, createHmac, pbkdf2 } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify(pbkdf2);
const hmac = (key: Buffer, text: string): Buffer => createHmac("sha1", key).update(text).digest();

/** StoredKey and ServerKey of SCRAM-SHA-1 (RFC 5802 section 3). */
export async function scramKeys(
  password: string,
  salt: string,
  iterations: number,
): Promise<{ readonly storedKey: Buffer; readonly serverKey: Buffer }> {
  const salted = await derive(password, salt, iterations, 20, "sha1");
  const storedKey = createHash("sha1").update(hmac(salted, "Client Key")).digest();
  return { storedKey, serverKey: hmac(salted, "Server Key") };
}
