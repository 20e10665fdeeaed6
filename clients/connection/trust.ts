import { getCACertificates, setDefaultCACertificates } from "node:tls";

const trusted = new Set<string>();

/**
 * From here on, every client of this process believes in a server with this certificate (PEM), whichever library it
 * speaks with, beside those the system and `NODE_EXTRA_CA_CERTS` vouch for. Nothing for undefined. Idempotent.
 */
export function trustCertificate(certificate: string | undefined): void {
  if (certificate === undefined || trusted.has(certificate)) return;
  trusted.add(certificate);
  setDefaultCACertificates([...getCACertificates("default"), certificate]);
}
