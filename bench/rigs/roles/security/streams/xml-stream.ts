/** A stream of XMPP written by hand, on any wire: a probe says what no client would. */

export const namespaces = {
  client: "jabber:client",
  stream: "http://etherx.jabber.org/streams",
  sasl: "urn:ietf:params:xml:ns:xmpp-sasl",
  bind: "urn:ietf:params:xml:ns:xmpp-bind",
  tls: "urn:ietf:params:xml:ns:xmpp-tls",
} as const;

export interface XmlStream extends Disposable {
  /** Opens the stream, or opens it again after a login; resolves with the features the server offers. */
  open(): Promise<string>;
  send(xml: string): void;
  /** Resolves with what matches since the last answer; rejects where the server ends the stream before, or is silent. */
  until(pattern: RegExp, withinMs?: number): Promise<RegExpExecArray>;
  /** Goes on over TLS; absent where the wire has no such step. */
  upgrade?(): Promise<void>;
}

const attribute = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("'", "&apos;").replaceAll("<", "&lt;");

/** RFC 6120 section 4.7. */
export const header = (domain: string): string =>
  `<?xml version='1.0'?><stream:stream xmlns='${namespaces.client}' xmlns:stream='${namespaces.stream}' ` +
  `to='${attribute(domain)}' version='1.0'>`;

/** RFC 7395 section 3.4. */
export const frameOpen = (domain: string): string =>
  `<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='${attribute(domain)}' version='1.0'/>`;

/** The features, or what came in their place: an error, or in the frames of RFC 7395 the end. */
export const featuresPattern =
  /<(?:stream:)?features\b[^>]*?\/>|<(?:stream:)?features\b[\s\S]*?<\/(?:stream:)?features>|<(?:stream:)?error\b[\s\S]*?<\/(?:stream:)?error>/;

/** The condition of a stream error (RFC 6120 section 4.9), or of what BOSH says without one (XEP-0124 section 17.2). */
export const streamErrorPattern =
  /<(?:stream:)?error\b(?! type=)[^>]*>\s*<([\w-]+)|\bcondition=["'](?!remote-stream-error)([\w-]+)/;
/** Of a login (section 6.5). */
export const saslFailurePattern = /<failure\b[^>]*>\s*<([\w-]+)/;

export const conditionIn = (match: RegExpExecArray): string => match[1] ?? match[2] ?? "no condition";
