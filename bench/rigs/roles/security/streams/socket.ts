import { xmppTarget } from "../../../../../clients/xmpp/target.ts";
import { RawPeer } from "../raw-peer.ts";
import { featuresPattern, header, type XmlStream } from "./xml-stream.ts";

/** RFC 6120: the stream is the connection. */
export async function socketStream(url: string): Promise<XmlStream> {
  const { domain } = xmppTarget(url);
  const peer = await RawPeer.connect(url);
  let from = 0;
  const until = async (pattern: RegExp, withinMs?: number): Promise<RegExpExecArray> => {
    const match = await peer.until(pattern, from, withinMs);
    from += match.index + match[0].length;
    return match;
  };
  return {
    async open() {
      peer.write(header(domain));
      return (await until(featuresPattern))[0];
    },
    send: (xml) => void peer.write(xml),
    until,
    upgrade: () => peer.upgrade(),
    [Symbol.dispose]: () => peer[Symbol.dispose](),
  };
}
