import { once } from "node:events";
import { WebSocket } from "ws";
import { xmppTarget } from "../../../../../clients/xmpp/target.ts";
import { WirebenchError } from "../../../../../protocol/errors.ts";
import { xmppSubprotocol } from "../../../../../protocol/wires/xmpp-subprotocol.ts";
import { patienceMs } from "../probe.ts";
import { featuresPattern, frameOpen, type XmlStream } from "./xml-stream.ts";

/** RFC 7395: each element is a frame of its own. */
export async function frameStream(url: string): Promise<XmlStream> {
  const { address, domain } = xmppTarget(url);
  const socket = new WebSocket(address, xmppSubprotocol, { rejectUnauthorized: false });
  let heard = "";
  let end: string | undefined;
  let news = Promise.withResolvers<void>();
  const tell = (): void => {
    news.resolve();
    news = Promise.withResolvers();
  };
  socket.on("message", (data) => {
    heard += String(data);
    tell();
  });
  socket.on("error", () => {});
  socket.on("close", (code) => {
    end = `close code ${code}`;
    tell();
  });
  await once(socket, "open", { signal: AbortSignal.timeout(patienceMs) });

  async function until(pattern: RegExp, withinMs = patienceMs): Promise<RegExpExecArray> {
    const deadline = AbortSignal.timeout(withinMs);
    const late = once(deadline, "abort");
    for (;;) {
      const match = pattern.exec(heard);
      if (match !== null) {
        heard = heard.slice(match.index + match[0].length);
        return match;
      }
      if (end !== undefined) throw new WirebenchError("closed", end);
      if (deadline.aborted) throw new WirebenchError("connect-failed", "the server did not answer");
      await Promise.race([news.promise, late]);
    }
  }

  return {
    async open() {
      socket.send(frameOpen(domain));
      return (await until(featuresPattern))[0];
    },
    send: (xml) => socket.send(xml),
    until,
    [Symbol.dispose]: () => socket.terminate(),
  };
}
