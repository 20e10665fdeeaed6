import { randomInt } from "node:crypto";
import { xmppTarget } from "../../../../../clients/xmpp/target.ts";
import { WirebenchError } from "../../../../../protocol/errors.ts";
import { requestHead } from "../http.ts";
import { patienceMs } from "../probe.ts";
import { RawPeer } from "../raw-peer.ts";
import { featuresPattern, type XmlStream } from "./xml-stream.ts";

const binding = "xmlns='http://jabber.org/protocol/httpbind'";
const extensions = "xmlns:xmpp='urn:xmpp:xbosh'";
/** XEP-0124 section 14.1: room for the requests of a session below 2^53. */
const firstRequestId = (): number => randomInt(1, 2 ** 32);

/** XEP-0124 section 7.1, with nothing held back: every request is answered at once, or within a second. */
export function sessionRequest(url: string, rid = firstRequestId()): string {
  const { domain } = xmppTarget(url);
  return (
    `<body ${binding} ${extensions} rid='${rid}' to='${domain}' ver='1.6' wait='1' hold='1' ` +
    "xmpp:version='1.0' content='text/xml; charset=utf-8' xml:lang='en'/>"
  );
}

/** XEP-0206: each request carries elements up, its answer those that have come down. One request at a time. */
export async function boshStream(url: string): Promise<XmlStream> {
  const { pathname, search } = new URL(url);
  const { domain } = xmppTarget(url);
  const peer = await RawPeer.connect(url);
  let rid = firstRequestId();
  let sid: string | undefined;
  let heard = "";
  let sending: Promise<void> = Promise.resolve();

  const exchange = async (body: string): Promise<void> => {
    const from = peer.heard.length;
    const lines = `Content-Type: text/xml; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
    peer.write(requestHead(url, "POST", pathname + search, lines) + body);
    const [head, status, length] = await peer.until(
      /^HTTP\/1\.1 (\d{3})[\s\S]*?\r\nContent-Length: *(\d+)[\s\S]*?\r\n\r\n/i,
      from,
    );
    if (status !== "200") throw new WirebenchError("closed", `status ${status}`);
    const [answer] = await peer.until(new RegExp(`^[\\s\\S]{${length}}`), from + head.length);
    heard += answer;
    sid ??= /\bsid=["']([^"']+)/.exec(answer)?.[1];
  };
  const post = (inner: string, attributes = ""): void => {
    const body = `<body ${binding} rid='${++rid}' sid='${sid ?? ""}'${attributes}>${inner}</body>`;
    sending = sending.then(() => exchange(body));
    sending.catch(() => {});
  };
  const until = async (pattern: RegExp, withinMs = patienceMs): Promise<RegExpExecArray> => {
    const deadline = AbortSignal.timeout(withinMs);
    for (;;) {
      await sending;
      const match = pattern.exec(heard);
      if (match !== null) {
        heard = heard.slice(match.index + match[0].length);
        return match;
      }
      if (/\btype=["']terminate/.test(heard)) throw new WirebenchError("closed", "the server ended the session");
      if (deadline.aborted) throw new WirebenchError("connect-failed", "the server did not answer");
      post("");
    }
  };

  return {
    async open() {
      if (sid === undefined) sending = exchange(sessionRequest(url, rid));
      else post("", ` to='${domain}' xmpp:restart='true' ${extensions} xml:lang='en'`);
      return (await until(featuresPattern))[0];
    },
    send: (xml) => post(xml),
    until,
    [Symbol.dispose]: () => peer[Symbol.dispose](),
  };
}
