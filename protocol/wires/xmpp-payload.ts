/** What of a message stanza both a process and a page of a browser must know. */

/** RFC 6121 section 5.2.2: delivery now or never. */
export const messageType = "headline";
export const dataNamespace = "urn:wirebench:data:0";

/**
 * XML 1.0 section 2.2 forbids most control characters and two non-characters, and section 2.11 turns a carriage
 * return into a line feed.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters it is about
const notCarriedByXml = /[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/;

/** Whether a text comes out of an XML element as it went in. */
export const isCarriedByXml = (text: string): boolean => !notCarriedByXml.test(text);
