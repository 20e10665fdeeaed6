import type { Element } from "@xmpp/xml";

/**
 * What a server's error conditions mean for somebody who measures it, and what to do about them. The condition's own name
 * stays in every sentence, since it is what the server's documentation and log call it.
 */

const overLimit = "raise the limits of the server, or lower --connections, --rate or --payload";

/** RFC 6120 section 4.9.3. */
const stream: Readonly<Record<string, string>> = {
  "bad-format": "the server could not read what was sent",
  conflict:
    "another session has taken the place of this one, or the account has more sessions than the server allows: give each user an account of its own (user%d in the URL), and let no other client use them",
  "connection-timeout": "the server heard nothing for longer than it waits: lengthen its timeouts",
  "host-gone": "the server hosts this domain no more: name one that it hosts with ?domain=D in the URL",
  "host-unknown": "the server does not host this domain: name one that it hosts with ?domain=D in the URL",
  "internal-server-error": "something failed in the server, whose log says what",
  "not-authorized": "the server does not allow this before a login, or has ended the login",
  "policy-violation": `a rule of the server forbids it, such as one for the size or the rate of stanzas: ${overLimit}`,
  "remote-connection-failed": "the server cannot reach another one that it depends on",
  reset: "the server wants the login to be done anew",
  "resource-constraint": `the server has too little left of something to go on: ${overLimit}`,
  "see-other-host": "the server sends its clients elsewhere: measure that address",
  "system-shutdown": "the server is being stopped or restarted",
};

/** XEP-0124 section 17.2; those that are left out mean what they mean of a stream. */
const bosh: Readonly<Record<string, string>> = {
  ...stream,
  "bad-request": "the server could not read what was sent",
  "improper-addressing": "the server wants to be told the domain: name it with ?domain=D in the URL",
  "item-not-found":
    "the server knows no such session: it has forgotten it, or answers from several processes that do not share it",
  "other-request": "another request of the same session ended it",
  "remote-stream-error": "the XMPP server behind the BOSH server ended the stream",
  "see-other-uri": "the server sends its clients elsewhere: measure that address",
};

/** RFC 6120 section 6.5. */
const login: Readonly<Record<string, string>> = {
  "account-disabled": "the account exists and may not log in",
  "credentials-expired": "the password has to be changed first",
  "encryption-required": "the server lets nobody log in without TLS: use xmpps:, wss: or https:",
  "invalid-mechanism": "the server does not take the mechanism it was asked for",
  "malformed-request": "the server could not read what was sent",
  "mechanism-too-weak":
    "the server wants a stronger mechanism for this account: ask for it with ?mechanism=M in the URL",
  "not-authorized":
    "the name or the password is wrong, or there is no such account (user%d in a URL stands for user0, user1 and so on)",
  "policy-violation": "a rule of the server forbids it, such as one for how often somebody may try",
  "temporary-auth-failure": "the server cannot check passwords now, or wants nobody to try so often",
};

/** RFC 6120 section 8.3.3. */
const stanza: Readonly<Record<string, string>> = {
  conflict: "another session has this resource",
  forbidden: "the account may not do this",
  "item-not-found": "there is no such address",
  "jid-malformed": "this is not an address",
  "not-acceptable": "the server or the peer does not take this kind of stanza",
  "not-allowed": "the server allows this to nobody, or no more sessions to this account",
  "policy-violation": `a rule of the server forbids it, such as one for the size or the rate of stanzas: ${overLimit}`,
  "recipient-unavailable": "nobody is at this address now",
  "remote-server-not-found": "the server finds no server of this address' domain",
  "remote-server-timeout": "the server of this address' domain does not answer",
  "resource-constraint": `the server has too little left of something, or the account has as many sessions as it may have: ${overLimit}, or give each user an account of its own (user%d in the URL)`,
  "service-unavailable": "nobody at this address takes it: name one that echoes, or none, which means oneself",
  "subscription-required": "the peer takes it only from those that it has a subscription with",
};

/** Characters of a server's own words that are quoted, all or nothing: half a secret would not be masked. */
const textMax = 500;

/**
 * The condition, the server's own words where it has some, and what it means where that is known, without a full stop:
 * `conflict (Replaced by new connection): another session has taken ...`.
 */
function describe(
  meanings: Readonly<Record<string, string>>,
  condition = "no reason given",
  text: string | null | undefined = "",
): string {
  const quoted = text && text.length > textMax ? `with a text of ${text.length} characters` : text;
  const named = quoted ? `${condition} (${quoted})` : condition;
  return Object.hasOwn(meanings, condition) ? `${named}: ${meanings[condition]}` : named;
}

/** Of an element that has a condition beside a text: the name of the former. */
const conditionIn = (element: Element | undefined): Element | undefined =>
  element?.getChildElements().find((child) => child.getName() !== "text");

/** What `<stream:error/>` says. */
export function describeStreamError(error: Element): string {
  const condition = conditionIn(error);
  // What `see-other-host` has in it is the address.
  const text = error.getChildText("text") || condition?.getText();
  return describe(stream, condition?.getName() ?? "undefined-condition", text);
}

/** What the `condition` of a `<body type="terminate"/>` says (XEP-0124); `elements` are what is in it. */
export const describeBoshEnd = (condition: string, elements: readonly Element[]): string =>
  describe(bosh, condition, elements.find(({ name }) => name === "uri")?.getText());

/** What a `<close/>` says that names another address (RFC 7395 section 3.6.1). */
export const describeOtherUri = (uri: string): string => describe(bosh, "see-other-uri", uri);

/** What `<failure/>` says of a login. */
export const describeSaslFailure = (failure: Element): string =>
  describe(login, conditionIn(failure)?.name ?? failure.name, failure.getChildText("text"));

/** What a stanza of type `error` says. */
export function describeStanzaError(answer: Element): string {
  const error = answer.getChild("error");
  return describe(stanza, conditionIn(error)?.name, error?.getChildText("text"));
}
