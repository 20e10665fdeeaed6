import { StringDecoder } from "node:string_decoder";
import type { Element } from "@xmpp/xml";
import { XmppStreamParser } from "../../protocol/wires/xmpp-stream-parser.ts";
import { isOfLogin, isSuccess } from "./judgement.ts";
import type { Reading, Wire } from "./wire.ts";

/** One stream of XML (RFC 6120 section 4). */
export const tcpWire: Wire = {
  opening: Buffer.alloc(0),
  encode: (piece) => Buffer.from(piece),
  read: (heard) => readStream(heard, isSuccess),
  isUnfinished(sent, successAt, sentinel) {
    let login = 0;
    const { elements, ended, fault } = readStream(sent, (element) => isOfLogin(element) && login++ === successAt);
    return !ended && fault === undefined && !elements.some(({ attrs }) => attrs.id === sentinel);
  },
};

/** `restarts` tells for each element whether a new stream begins after it. */
function readStream(bytes: Buffer, restarts: (element: Element) => boolean): Reading {
  const elements: Element[] = [];
  let ended = false;
  let fault: string | undefined;
  const parser = new XmppStreamParser();
  parser.stanzaBytesMax = bytes.length + 1;
  parser.on("element", (element) => {
    elements.push(element);
    if (restarts(element)) parser.restart();
  });
  parser.on("end", () => {
    ended = true;
    parser.stop();
  });
  parser.on("error", (error) => {
    fault ??= error.message;
  });
  parser.write(new StringDecoder("utf8").write(bytes));
  return { elements, ended, fault };
}
