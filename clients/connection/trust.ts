import { setDefaultCACertificates } from "node:tls";

const trusted = new Set<string>();

/**
 * From here on, every client of this process believes in servers with the certificates it was told (PEM), whichever
 * library it speaks with, and in no others: Node reads all it trusts anew for every connection, and the hundreds of
 * authorities of a system would take longer than the handshake. Nothing for undefined. Idempotent.
 */
export function trustCertificate(certificate: string | undefined): void {
  if (certificate === undefined || trusted.has(certificate)) return;
  trusted.add(certificate);
  setDefaultCACertificates([...trusted]);
}
