import { type Element, xml } from "@xmpp/xml";
import type { XmlFaultCondition } from "../../protocol/wires/xml-reader.ts";
import { namespaces } from "./namespaces.ts";

/** Conditions of RFC 6120 section 4.9.3 this server ends a stream with. */
export type StreamCondition =
  | XmlFaultCondition
  | "connection-timeout"
  | "host-unknown"
  | "invalid-namespace"
  | "not-authorized"
  | "resource-constraint"
  | "unsupported-stanza-type"
  | "unsupported-version";

export const streamError = (condition: StreamCondition, text?: string): Element =>
  xml(
    "stream:error",
    {},
    xml(condition, { xmlns: namespaces.streamErrors }),
    text === undefined ? undefined : xml("text", { xmlns: namespaces.streamErrors }, text),
  );
