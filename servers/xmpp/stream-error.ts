import { type Element, xml } from "@xmpp/xml";
import type { XmlFaultCondition } from "../../protocol/wires/xml-fault.ts";
import { namespaces } from "./namespaces.ts";

/** Conditions of RFC 6120 section 4.9.3 this server ends a stream with. */
export type StreamCondition =
  | XmlFaultCondition
  | "conflict"
  | "connection-timeout"
  | "host-unknown"
  | "invalid-namespace"
  | "not-authorized"
  | "resource-constraint"
  | "undefined-condition"
  | "unsupported-stanza-type"
  | "unsupported-version";

/** `detail` is a condition of an extension's own, beside that of RFC 6120 (section 4.9.4). */
export const streamError = (condition: StreamCondition, text?: string, detail?: Element): Element =>
  xml(
    "stream:error",
    {},
    xml(condition, { xmlns: namespaces.streamErrors }),
    text === undefined ? undefined : xml("text", { xmlns: namespaces.streamErrors }, text),
    detail,
  );
