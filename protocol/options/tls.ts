/** TLS as an option of a target: the same protocol, its server with a certificate made at start. */
import type { Options, OptionTrait } from "../contract.ts";
import { WirebenchError } from "../errors.ts";

/** `direct`: the connection begins with the TLS handshake. `starttls`: the protocol begins in clear and asks for TLS. */
export type TlsMode = "direct" | "starttls";

const tlsNamed = (
  modes: readonly TlsMode[],
  { summary, notWithUrl }: Pick<OptionTrait, "summary"> & { notWithUrl: string },
): OptionTrait => ({
  name: "tls",
  summary,
  notWithUrl,
  parse(text) {
    const mode = modes.find((known) => known === (text === "" ? "direct" : text));
    if (mode !== undefined) return mode;
    const known = modes.map((value) => (value === "direct" ? "+tls" : `+tls=${value}`));
    throw new WirebenchError("usage", `expected ${known.join(" or ")}, got "+tls=${text}"`);
  },
  title: (mode) => (mode === "starttls" ? "with STARTTLS" : "over TLS"),
});

const bySchemeOf = "the scheme of its URL says whether a server that is already running speaks TLS";

/** TLS 1.3 (RFC 8446) from the first byte. */
export const tls = tlsNamed(["direct"], {
  summary: "over TLS 1.3, with a certificate made at start",
  notWithUrl: bySchemeOf,
});

/** For a protocol that can also begin in clear (RFC 6120 section 5, beside XEP-0368). */
export const tlsOrStarttls = tlsNamed(["direct", "starttls"], {
  summary: "over TLS 1.3, with a certificate made at start; =starttls begins in clear and upgrades",
  notWithUrl: `${bySchemeOf}, or the server itself by offering STARTTLS`,
});

/** Undefined: not at all. */
export const tlsMode = (options: Options | undefined): TlsMode | undefined =>
  options?.[tls.name] as TlsMode | undefined;
