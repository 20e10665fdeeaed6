import type { Payload } from "../../protocol/contract.ts";
import type { PageClient } from "../../protocol/page.ts";
import { dataNamespace, isCarriedByXml, messageType } from "../../protocol/wires/xmpp-payload.ts";
import { xmppSubprotocol } from "../../protocol/wires/xmpp-subprotocol.ts";
import { type XmppTarget, xmppTarget } from "../xmpp/target.ts";
import { fromBase64, toBase64 } from "./http/json-message.ts";
import { opened } from "./opened.ts";
import { scram, scramMechanisms } from "./xmpp/scram.ts";
import { childNamed, escaped, parseXml, type XmlElement } from "./xmpp/xml.ts";

const sasl = "urn:ietf:params:xml:ns:xmpp-sasl";

/** XMPP over WebSocket (RFC 7395), login included: what XMPP takes before a page can have it. */
export const xmppWebsocketPage: PageClient = {
  async connect({ url, onMessage, onEnd }) {
    const target = xmppTarget(url);
    const socket = new WebSocket(target.address, xmppSubprotocol);
    const stream = new Stream(socket, onEnd);
    await opened(socket);
    const jid = await login(stream, target);
    const to = target.to ?? jid;
    stream.onElement = (element) => {
      if (element.localName !== "message" || !isFrom(element, to)) return;
      if (element.getAttribute("type") === "error") onEnd("the server refused a message");
      const payload = payloadOf(element);
      if (payload !== undefined) onMessage(payload);
    };
    const attributes = `xmlns="jabber:client" to="${escaped(to)}" type="${messageType}"`;
    return {
      send: (payload) => socket.send(`<message ${attributes}>${contentOf(payload)}</message>`),
      close: () => socket.close(),
    };
  },
};

/** Each frame is one element. */
class Stream {
  onElement: ((element: XmlElement) => void) | undefined;
  readonly #socket: WebSocket;
  readonly #came: XmlElement[] = [];
  readonly #awaited: PromiseWithResolvers<XmlElement>[] = [];

  constructor(socket: WebSocket, onEnd: (why: string) => void) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#take(parseXml(String(data)));
    socket.onclose = ({ code }) => {
      for (const { reject } of this.#awaited.splice(0)) reject(new Error(`the server closed the login: ${code}`));
      onEnd(`close code ${code}`);
    };
  }

  #take(element: XmlElement): void {
    if (this.onElement !== undefined) this.onElement(element);
    else if (this.#awaited.length > 0) this.#awaited.shift()!.resolve(element);
    else this.#came.push(element);
  }

  next(): Promise<XmlElement> {
    const element = this.#came.shift();
    if (element !== undefined) return Promise.resolve(element);
    const wait = Promise.withResolvers<XmlElement>();
    this.#awaited.push(wait);
    return wait.promise;
  }

  ask(xml: string): Promise<XmlElement> {
    this.#socket.send(xml);
    return this.next();
  }
}

/** Opens the stream, logs in and binds a resource (RFC 6120 sections 4 to 7); resolves with the full JID. */
async function login(stream: Stream, { domain, username, password }: XmppTarget): Promise<string> {
  const open = `<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="${escaped(domain)}" version="1.0"/>`;
  await stream.ask(open);
  const offered = Array.from(childNamed(await stream.next(), "mechanisms")?.children ?? []);
  const mechanism = scramMechanisms.find((name) => offered.some(({ textContent }) => textContent.trim() === name));
  if (mechanism === undefined) throw new Error("the server offers no SCRAM, and a page here has no other login");
  const proof = scram(mechanism, username, password);
  const encoded = (text: string): string => toBase64(new TextEncoder().encode(text));
  const dataOf = (element: XmlElement): string => atob(element.textContent);
  const first = `<auth xmlns="${sasl}" mechanism="${mechanism}">${encoded(proof.initialResponse)}</auth>`;
  const challenge = await stream.ask(first);
  if (challenge.localName !== "challenge") throw new Error(`the server answered the login with ${challenge.localName}`);
  const response = encoded(await proof.respond(dataOf(challenge)));
  const outcome = await stream.ask(`<response xmlns="${sasl}">${response}</response>`);
  if (outcome.localName !== "success") throw new Error(`the server answered the login with ${outcome.localName}`);
  proof.succeeded(dataOf(outcome));
  await stream.ask(open);
  await stream.next();
  const bound = await stream.ask(
    '<iq xmlns="jabber:client" type="set" id="bind"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>',
  );
  const jid = childNamed(childNamed(bound, "bind") ?? bound, "jid")?.textContent;
  if (jid === undefined) throw new Error("the server bound no resource");
  return jid;
}

function isFrom(message: XmlElement, peer: string): boolean {
  const from = message.getAttribute("from");
  return from === null || from === peer || (!peer.includes("/") && from.startsWith(`${peer}/`));
}

/** See `protocol/wires/xmpp-message.ts`. */
function contentOf(payload: Payload): string {
  if (typeof payload !== "string") return `<data xmlns="${dataNamespace}">${toBase64(payload)}</data>`;
  if (isCarriedByXml(payload)) return `<body>${escaped(payload)}</body>`;
  return `<data xmlns="${dataNamespace}" type="text">${toBase64(new TextEncoder().encode(payload))}</data>`;
}

function payloadOf(message: XmlElement): Payload | undefined {
  const body = childNamed(message, "body");
  if (body !== undefined) return body.textContent;
  const data = childNamed(message, "data");
  if (data === undefined) return undefined;
  const bytes = fromBase64(data.textContent);
  return data.getAttribute("type") === "text" ? new TextDecoder().decode(bytes) : bytes;
}
