/** A connection that begins as an HTTP request and goes on in frames (RFC 6455). */

import { xmppSubprotocol } from "../../../../../protocol/wires/xmpp-subprotocol.ts";
import { answerTo, requestHead, statusOf } from "../http.ts";
import { accepted, type ProbedTarget, refusedByProtocol, refusedByServer, type Verdict } from "../probe.ts";
import { firstLine, RawPeer } from "../raw-peer.ts";
import { otherOrigin, quoted, slowHandshake, type WireProbes, wrongAuthorization } from "./wire.ts";

const upgradeLines =
  "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const loginLines = `Sec-WebSocket-Protocol: ${xmppSubprotocol}\r\n`;
const switchingProtocols = 101;

function upgradeRequest({ url, hasLogin }: ProbedTarget, lines = ""): string {
  const { pathname, search } = new URL(url);
  return requestHead(url, "GET", pathname + search, upgradeLines + (hasLogin ? loginLines : "") + lines);
}

async function wrongPassword(target: ProbedTarget): Promise<Verdict> {
  const head = await answerTo(target, upgradeRequest(target, wrongAuthorization));
  return statusOf(head) === switchingProtocols
    ? accepted(`an upgrade with a wrong Authorization header: ${firstLine(head)}`)
    : refusedByServer(firstLine(head));
}

/** Section 5.1: a server must close the connection when a frame is not masked. */
async function hostileFraming(target: ProbedTarget): Promise<Verdict> {
  using peer = await RawPeer.connect(target.url);
  await peer.write(upgradeRequest(target)).until(/^HTTP\/1\.1 101[\s\S]*?\r\n\r\n/);
  const from = peer.heard.indexOf("\r\n\r\n") + 4;
  peer.write(Buffer.from("\x81\x05hello", "latin1"));
  // The close frame, or if the server only closes, its end.
  const code = await Promise.race([
    peer.until(/\x88[\s\S]([\s\S]{2})/, from).then(([, bytes]) => Buffer.from(bytes!, "latin1").readUInt16BE()),
    peer.untilEnd().then((): undefined => {}),
  ]).catch((): undefined => {});
  if (code === undefined && !(await peer.untilEnd(0))) return accepted("a frame without a mask was taken");
  return refusedByProtocol(`a frame without a mask: ${code === undefined ? quoted("") : `close code ${code}`}`);
}

async function crossOrigin(target: ProbedTarget): Promise<Verdict> {
  const head = await answerTo(target, upgradeRequest(target, `Origin: ${otherOrigin}\r\n`));
  if (statusOf(head) !== switchingProtocols) return refusedByServer(`Origin ${otherOrigin}: ${firstLine(head)}`);
  const guard = target.hasLogin ? "; the login stands before every message all the same" : "";
  return accepted(`Origin ${otherOrigin}: ${firstLine(head)}${guard}`);
}

export const upgrade: WireProbes = {
  "wrong-password": wrongPassword,
  "hostile-framing": hostileFraming,
  "slow-handshake": (target) => slowHandshake(target, upgradeRequest(target).slice(0, -4), answerLine),
  "cross-origin": crossOrigin,
};

const answerLine = (heard: string): string => quoted(firstLine(heard));
