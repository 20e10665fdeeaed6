/** An XMPP address (RFC 7622), `local@domain/resource`, with local part and domain in lower case. Absent parts are empty. */
export interface Address {
  readonly local: string;
  readonly domain: string;
  readonly resource: string;
  /** Without its resource. */
  readonly bare: string;
  readonly full: string;
}

/** RFC 7622 section 3: in bytes, of each part. */
const partBytesMax = 1023;
/** RFC 7622 section 3.3.1, besides space and control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters it is about
const neverInLocal = /[\u0000-\u0020\u007f"&'/:<>@]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters it is about
const neverInDomain = /[\u0000-\u0020\u007f"&'<>@]/;
const control = /\p{Cc}/u;

/** Reads an address; undefined if it is none. */
export function readAddress(text: string): Address | undefined {
  const slash = text.indexOf("/");
  const bareText = slash === -1 ? text : text.slice(0, slash);
  const resource = slash === -1 ? "" : text.slice(slash + 1);
  const at = bareText.indexOf("@");
  const local = at === -1 ? "" : bareText.slice(0, at).toLowerCase();
  const domain = bareText.slice(at + 1).toLowerCase();
  const emptyPart = domain === "" || (at !== -1 && local === "") || (slash !== -1 && resource === "");
  if (emptyPart || neverInLocal.test(local) || neverInDomain.test(domain) || control.test(resource)) return undefined;
  if ([local, domain, resource].some((part) => Buffer.byteLength(part) > partBytesMax)) return undefined;
  const bare = at === -1 ? domain : `${local}@${domain}`;
  return { local, domain, resource, bare, full: slash === -1 ? bare : `${bare}/${resource}` };
}
