/** A WebSocket on a stream of HTTP/2 (RFC 8441), opened and spoken by hand: the library for WebSocket knows HTTP/1.1 only. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from "node:http2";
import { addAbortSignal } from "node:stream";
import { describeError } from "../../protocol/errors.ts";

export interface ExtendedOrder {
  /** `wss:`, where HTTP/2 is agreed on. */
  readonly url: string;
  /** Whether the server echoes what comes in a frame, as it is. */
  readonly echoes: boolean;
}

export interface ExtendedConnect {
  /** Whether SETTINGS had ENABLE_CONNECT_PROTOCOL (section 3), without which nobody may ask; absent: none came. */
  readonly offered?: boolean;
  /** Whether a message came back on the stream; absent: nobody asked, or the server does not echo. */
  readonly echoed?: boolean;
  /** As a clause. */
  readonly evidence: string;
}

const answerMsMax = 20_000;
const message = "over HTTP/2";
/** FIN and opcode 1 (RFC 6455 section 5.2). */
const wholeText = 0x81;

/** Never rejects: what was not offered or answered is said. */
export async function askExtended({ url, echoes }: ExtendedOrder): Promise<ExtendedConnect> {
  const { host, pathname } = new URL(url);
  const session = connect(`https://${host}`);
  // Whoever waits hears it.
  session.on("error", () => {});
  const signal = AbortSignal.timeout(answerMsMax);
  let offered: boolean | undefined;
  try {
    const [{ enableConnectProtocol }] = await once(session, "remoteSettings", { signal });
    offered = enableConnectProtocol === true;
    if (!offered) return { offered, evidence: "its SETTINGS do not have ENABLE_CONNECT_PROTOCOL" };
    if (!echoes) return { offered, evidence: "its SETTINGS have ENABLE_CONNECT_PROTOCOL" };
    const wrong = await echoOn(session, host, pathname, signal);
    return { offered, echoed: wrong === undefined, evidence: wrong ?? "a message and its echo passed on a stream" };
  } catch (error) {
    const evidence = signal.aborted ? `nothing for ${answerMsMax} ms` : describeError(error);
    return { ...(offered !== undefined && { offered, echoed: false }), evidence };
  } finally {
    session.destroy();
  }
}

/** Undefined where the message came back, else what came. */
async function echoOn(
  session: ClientHttp2Session,
  authority: string,
  path: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const stream = session.request({
    ":method": "CONNECT",
    ":protocol": "websocket",
    ":scheme": "https",
    ":authority": authority,
    ":path": path,
    "sec-websocket-version": "13",
  });
  stream.on("error", () => {});
  addAbortSignal(signal, stream);
  const [headers] = (await once(stream, "response", { signal })) as [IncomingHttpHeaders & { ":status"?: number }];
  if (headers[":status"] !== 200) return `its CONNECT was answered ${headers[":status"]}`;
  stream.write(maskedText(message));
  const expected = Buffer.concat([Buffer.from([wholeText, message.length]), Buffer.from(message)]);
  const echo = await readBytes(stream, expected.length);
  return echo.equals(expected) ? undefined : `what came back was no echo: ${echo.toString("hex") || "nothing"}`;
}

/** A frame as a client sends it: masked (RFC 6455 section 5.3), of fewer than 126 bytes. */
function maskedText(text: string): Buffer {
  const mask = randomBytes(4);
  const payload = Buffer.from(text).map((byte, index) => byte ^ mask[index % mask.length]!);
  return Buffer.concat([Buffer.from([wholeText, 0x80 | payload.length]), mask, payload]);
}

/** Resolves with so many, or with fewer where the stream ends before. */
async function readBytes(stream: ClientHttp2Stream, count: number): Promise<Buffer> {
  let read = Buffer.alloc(0);
  for await (const chunk of stream) {
    read = Buffer.concat([read, chunk as Buffer]);
    if (read.length >= count) break;
  }
  return read.subarray(0, count);
}
