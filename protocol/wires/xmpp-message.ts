import { Element } from "@xmpp/xml";
import type { Payload } from "../contract.ts";
import { asBuffer } from "./payload.ts";
import { dataNamespace, isCarriedByXml } from "./xmpp-payload.ts";

export { messageType } from "./xmpp-payload.ts";

/**
 * How a payload rides in a message stanza (RFC 6120 section 8.2.1):
 *
 *     <message to="localhost" type="headline"><body>text</body></message>
 *     <message to="localhost" type="headline"><data xmlns="urn:wirebench:data:0">base64</data></message>
 *     <message to="localhost" type="headline"><data xmlns="urn:wirebench:data:0" type="text">base64</data></message>
 *
 * Binary payloads, and texts with characters XML cannot carry or would change, go as base64 in extended content
 * (RFC 6120 section 8.4); everything else is a body (RFC 6121 section 5.2.3). `headline` (RFC 6121 section 5.2.2) asks
 * for delivery now or never, so that no server spends time on an archive, an offline store or carbon copies.
 *
 * This is the content of the stanza.
 */
export function payloadElement(payload: Payload): Element {
  if (typeof payload !== "string") return dataElement(asBuffer(payload));
  if (!isCarriedByXml(payload)) return dataElement(Buffer.from(payload), "text");
  return withText(new Element("body"), payload);
}

/** A message stanza, with the attributes in the order given. */
export function messageElement(attributes: Record<string, string>, payload: Payload): Element {
  const message = new Element("message", attributes);
  message.append(payloadElement(payload));
  return message;
}

/** The payload of a message stanza; undefined for one without (a chat state, a subject). */
export function messagePayload(message: Element): Payload | undefined {
  for (const child of message.children) {
    if (typeof child === "string") continue;
    const { xmlns } = child.attrs;
    if (child.name === "body" && (xmlns === undefined || xmlns === "jabber:client")) return child.getText();
    if (child.name === "data" && xmlns === dataNamespace) {
      const bytes = Buffer.from(child.getText(), "base64");
      return child.attrs.type === "text" ? bytes.toString() : bytes;
    }
  }
  return undefined;
}

function dataElement(bytes: Buffer, type?: "text"): Element {
  const attributes = type === undefined ? { xmlns: dataNamespace } : { xmlns: dataNamespace, type };
  return withText(new Element("data", attributes), bytes.toString("base64"));
}

const withText = (element: Element, text: string): Element => (text === "" ? element : element.t(text));
