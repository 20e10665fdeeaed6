/** Certificates that sign themselves, for servers on this host: made at start, since one that ships would be known to all. */
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A certificate (RFC 5280) and its private key (PKCS #8), both as PEM. The key is a secret and stays in its process. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Where a program of others finds its certificate. */
export interface CertificateFiles {
  /** What clients must trust, as PEM. */
  readonly cert: string;
  readonly certFile: string;
  /** Only its owner may read it. */
  readonly keyFile: string;
  /** Both in one file, as ejabberd wants them. */
  readonly bothFile: string;
}

/** Longer than any run, and gone before it is forgotten somewhere. */
const validDays = 30;
const loopback = ["127.0.0.1", "::1"];

/**
 * A certificate for `localhost` and these addresses, with an ECDSA key on P-256: the smallest that every TLS library has.
 * It may sign no others, so that trusting it trusts this one server.
 */
export async function makeCertificate(addresses: readonly string[] = loopback): Promise<Certificate> {
  // Loaded here only: a server without TLS needs none of it.
  const { generate } = await import("selfsigned");
  const daysFromNow = (days: number): Date => {
    const date = new Date();
    date.setUTCDate(date.getUTCDate() + days);
    return date;
  };
  // A name of its own: of several that are called the same, OpenSSL finds only one among those that are trusted.
  const commonName = `wirebench ${randomBytes(8).toString("hex")}`;
  const made = await generate([{ name: "commonName", value: commonName }], {
    keyType: "ec",
    curve: "P-256",
    algorithm: "sha256",
    notBeforeDate: daysFromNow(-1),
    notAfterDate: daysFromNow(validDays),
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      {
        name: "subjectAltName",
        altNames: [{ type: 2, value: "localhost" }, ...addresses.map((ip) => ({ type: 7 as const, ip }))],
      },
    ],
  });
  return { cert: made.cert, key: made.private };
}

let own: Promise<Certificate> | undefined;

/** That of this process: made for the first server that asks, and the same for all. */
export const ownCertificate = (): Promise<Certificate> => {
  own ??= makeCertificate();
  return own;
};

/** Makes one for a program of others and writes it into `folder`, from where it is gone when the folder is. */
export async function writeCertificate(folder: string, addresses?: readonly string[]): Promise<CertificateFiles> {
  const { cert, key } = await makeCertificate(addresses);
  const file = (name: string): string => join(folder, name);
  const files = {
    certFile: file("certificate.pem"),
    keyFile: file("key.pem"),
    bothFile: file("certificate-and-key.pem"),
  };
  await writeFile(files.certFile, cert);
  await writeFile(files.keyFile, key, { mode: 0o600 });
  await writeFile(files.bothFile, `${cert}\n${key}`, { mode: 0o600 });
  return { cert, ...files };
}
