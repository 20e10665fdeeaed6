import type { Element } from "@xmpp/xml";
import { describeError } from "../../protocol/errors.ts";
import { BoshBodyParser, boshContentType, boshNamespace, xboshNamespace } from "../../protocol/wires/bosh-body.ts";
import { type HttpRequest, type HttpResponse, httpRequest, mutatedRequest } from "./http.ts";
import { streamErrorCondition, Violation } from "./judgement.ts";
import type { Mutator } from "./mutations.ts";

/** What a client says in one `<body/>` (XEP-0124 section 5). */
export interface Body {
  readonly rid: number;
  readonly attributes: string;
  readonly content: string;
}

/** The pieces of a conversation as XEP-0206 has them, each in a body of its own, with the numbers in order. */
export class BoshWire {
  readonly #path: string;
  readonly #firstRid: number;
  /** As the server said it; empty until then. */
  sid = "";
  #rid: number;
  #hasBegun = false;

  constructor(url: string, firstRid: number) {
    this.#path = new URL(url).pathname;
    this.#firstRid = firstRid;
    this.#rid = firstRid;
  }

  /** Forgets what was said: the next header creates a session. */
  begin(): void {
    this.#rid = this.#firstRid;
    this.#hasBegun = false;
  }

  /** The first header creates a session, every other restarts the stream; the end of the stream terminates. */
  body(piece: string): Body {
    const rid = this.#rid++;
    const to = /^(?:<\?xml[^>]*>)?<stream:stream [^>]*\bto='([^']*)' version='1.0'>$/.exec(piece)?.[1];
    const xbosh = `xmlns:xmpp='${xboshNamespace}'`;
    if (to !== undefined && !this.#hasBegun) {
      this.#hasBegun = true;
      const terms = "wait='20' hold='1' ver='1.11' xml:lang='en' content='text/xml; charset=utf-8'";
      return { rid, attributes: `to='${to}' ${terms} xmpp:version='1.0' ${xbosh}`, content: "" };
    }
    const sid = `sid='${this.sid}'`;
    if (to !== undefined) return { rid, attributes: `${sid} to='${to}' xmpp:restart='true' ${xbosh}`, content: "" };
    if (piece === "</stream:stream>") return { rid, attributes: `${sid} type='terminate'`, content: "" };
    return { rid, attributes: sid, content: standing(piece) };
  }

  /** A request that is right. */
  request(body: Body): HttpRequest {
    return httpRequest(this.#path, xmlOf(body));
  }

  /**
   * Leaves out, repeats, moves or merges bodies, changes the numbers of some, and what is in one of them or around it. Where
   * a request is broken, the conversation may end there for a client that sends it again (XEP-0124 section 14.3): `again`.
   */
  mutated(mutator: Mutator, bodies: readonly Body[]): { requests: HttpRequest[]; again: Body | undefined } {
    const kind = mutator.below(7);
    const order = kind <= 1 ? reordered(mutator, bodies) : [...bodies];
    const at = mutator.below(3) === 0 ? mutator.below(order.length) : 0;
    const body = order[at]!;
    const requests = order.map((each) => this.request(each));
    if (kind === 1 || kind === 2) requests[at] = this.request(renumbered(mutator, body));
    else if (kind === 3)
      requests[at] = this.request({ ...body, attributes: `${body.attributes} ${mutator.oneOf(attributes)}` });
    else if (kind === 4) requests[at] = httpRequest(this.#path, this.#tagMutated(mutator, body));
    else if (kind >= 5) {
      requests[at] = mutatedRequest(mutator, this.#path, xmlOf(body));
      if (mutator.below(4) > 0) {
        this.#rid = body.rid + 1;
        return { requests: requests.slice(0, at + 1), again: body };
      }
    }
    return { requests, again: undefined };
  }

  #tagMutated(mutator: Mutator, body: Body): string {
    const xml = xmlOf({ ...body, content: "" });
    return `${mutator.xml(xml.replace("></body>", ">"))}${body.content}</body>`;
  }
}

const xmlOf = ({ rid, attributes, content }: Body): string =>
  `<body xmlns='${boshNamespace}' rid='${rid}' ${attributes}>${content}</body>`;

/** A stanza in a body says its namespace (XEP-0206 section 3). */
const standing = (piece: string): string =>
  /^<[^>]*\sxmlns=/.test(piece) ? piece : piece.replace(/^<[^\s/>]+/, (start) => `${start} xmlns='jabber:client'`);

const renumbered = (mutator: Mutator, body: Body): Body => ({
  ...body,
  rid: body.rid + mutator.oneOf([-2, -1, 1, 2, 3]),
});

function reordered(mutator: Mutator, bodies: readonly Body[]): Body[] {
  const order = [...bodies];
  const at = mutator.below(order.length);
  const other = mutator.below(order.length);
  const kind = mutator.below(5);
  if (kind === 0 && order.length > 1) order.splice(at, 1);
  else if (kind === 1) order.splice(at, 0, order[other]!);
  else if (kind === 2) [order[at], order[other]] = [order[other]!, order[at]!];
  else if (kind === 3) order.splice(at, 0, ...Array(1 + mutator.below(20)).fill(order[at]!));
  else if (at < other) {
    const merged = order.splice(at, other - at + 1);
    order.splice(at, 0, { ...merged[0]!, content: merged.map(({ content }) => content).join("") });
  }
  return order;
}

/** Of XEP-0124 and XEP-0206, with values they have and have not. */
const attributes = [
  ...["type='terminate'", "type='error'", "type='x'", "xmlns:xmpp='urn:xmpp:xbosh' xmpp:restart='true'", "ack='0'"],
  ...["xmlns:xmpp='urn:xmpp:xbosh' xmpp:restart='1'", "ack='1'", "ack='9007199254740993'", "ack='x'", "ack='1000000'"],
  ...["pause='1'", "pause='1000000'", "pause='-1'", "key='a'", "newkey='b'", "key='a' newkey='b'", "stream='x'"],
  ...[
    "report='1' time='100'",
    "requests='0'",
    "requests='100'",
    "inactivity='0'",
    "polling='0'",
    "wait='0'",
    "hold='0'",
  ],
  ...[
    "condition='bad-request'",
    "from='a@b'",
    "to='example.org'",
    "secure='true'",
    "route='xmpp:x:5222'",
    "charsets='x'",
  ],
  ...["xmlns:xmpp='urn:xmpp:xbosh' xmpp:version='9.9'", "ver='0'", "ver='99'", "maxpause='1'", "sid='x'", "rid='1'"],
];

/** XEP-0124 section 17.2. */
const terminalConditions = new Set([
  ...["bad-request", "host-gone", "host-unknown", "improper-addressing", "internal-server-error", "item-not-found"],
  ...["other-request", "policy-violation", "remote-connection-failed", "remote-stream-error", "see-other-uri"],
  ...["system-shutdown", "undefined-condition"],
]);
/** What HTTP has for a request that is none, or none for this server. */
const refusals = new Set([400, 404, 405, 408, 411, 413, 414, 415, 417, 431, 501, 503, 505]);

/** What a response says. */
export interface BoshReading {
  readonly sid: string | undefined;
  readonly elements: readonly Element[];
  /** Why the session has ended, `closed` if in order; undefined if it goes on. */
  readonly ending: string | undefined;
}

/** Reads one response. Throws a Violation if it is none that a server may give. */
export function readResponse({ status, headers, body }: HttpResponse): BoshReading {
  if (status !== 200) {
    if (!refusals.has(status)) throw new Violation(`HTTP ${status}`);
    return { sid: undefined, elements: [], ending: undefined };
  }
  if (!headers.toLowerCase().includes(`content-type: ${boshContentType}\r\n`))
    throw new Violation("a body of another content type");
  const parser = new BoshBodyParser();
  parser.stanzaBytesMax = body.length + 1;
  let read: ReturnType<BoshBodyParser["end"]>;
  try {
    parser.write(body);
    read = parser.end();
  } catch (error) {
    throw new Violation(`a body that is none: ${describeError(error)}`);
  }
  const { sid, type, condition } = read.attributes;
  const { elements } = read;
  for (const element of elements) {
    if (element.getNS() === boshNamespace) throw new Violation(`a <${element.name}/> without its namespace`);
  }
  if (type !== undefined && type !== "terminate" && type !== "error") throw new Violation(`a body of type ${type}`);
  const streamError = elements.find(({ name }) => name === "stream:error");
  if (type !== "terminate") {
    if (condition !== undefined || streamError !== undefined) throw new Violation("an error that ends nothing");
    return { sid, elements, ending: undefined };
  }
  if (condition !== undefined && !terminalConditions.has(condition)) throw new Violation(`a condition ${condition}`);
  if ((streamError !== undefined) !== (condition === "remote-stream-error"))
    throw new Violation("a stream error that is not told of, or none");
  return { sid, elements, ending: streamError ? streamErrorCondition(streamError) : (condition ?? "closed") };
}
