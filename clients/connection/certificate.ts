/** What Node and OpenSSL call a chain of certificates that ends at none this process trusts. */
const untrusted: ReadonlySet<string | undefined> = new Set([
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** What to do about a certificate that was not taken; empty where something else went wrong. */
export function certificateAdvice(error: unknown): string {
  if (!(error instanceof Error)) return "";
  const { code } = error as NodeJS.ErrnoException;
  if (untrusted.has(code)) {
    return ": to trust it all the same, name the file that has it, or its authority's, in NODE_EXTRA_CA_CERTS";
  }
  if (code === "CERT_HAS_EXPIRED") return ": the server needs a new certificate";
  return error.cause === undefined ? "" : certificateAdvice(error.cause);
}
