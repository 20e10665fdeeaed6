import { randomBytes } from "node:crypto";
import type { Element, ElementAttributes } from "@xmpp/xml";
import { namespaces } from "./namespaces.ts";
import type { StreamCondition } from "./stream-error.ts";

/** What is wrong with a client's stream header (RFC 6120 sections 4.7 and 4.8), if anything. */
export function headerFault(header: Element, domain: string): StreamCondition | undefined {
  if (!header.is("stream", namespaces.stream)) return "invalid-namespace";
  if (header.attrs.xmlns !== namespaces.client) return "invalid-namespace";
  // Section 4.9.3.2: a prefix other than `stream` may be refused; it saves looking it up for each error we send.
  if (header.name !== "stream:stream") return "invalid-namespace";
  return openingFault(header.attrs, domain);
}

/** What of it is the same on every binding: version and domain. */
export function openingFault({ version, to }: ElementAttributes, domain: string): StreamCondition | undefined {
  // Section 4.7.5: no version is 0.9, which knows neither features nor SASL.
  if (!/^0*[1-9]\d*\.\d+$/.test(version ?? "")) return "unsupported-version";
  if (to?.toLowerCase() !== domain) return "host-unknown";
  return undefined;
}

/** An identifier of a stream that nobody can guess (section 4.7.3). */
export const streamId = (): string => randomBytes(9).toString("base64url");

/** The server's side of it (RFC 6120 section 4.7). */
export const openingTag = (domain: string): string =>
  `<?xml version='1.0'?><stream:stream xmlns='${namespaces.client}' xmlns:stream='${namespaces.stream}' ` +
  `from='${domain}' id='${streamId()}' version='1.0' xml:lang='en'>`;

export const closingTag = "</stream:stream>";
