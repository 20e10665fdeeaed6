/**
 * Users of a channel without any harness: sockets that say hello, publish, and count the frames that come. It checks and
 * times nothing, so that it is the most that one process of Node can take from a node. Forked, it answers an order with
 * what it counted.
 */
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import type { ChannelLoopOrder, ChannelLoopResult } from "./channel-loop.ts";

process.on("disconnect", () => process.exit(0));
process.once("message", (order) => measure(order as ChannelLoopOrder));

const accepted = 0x7b;
const delivery = 0x64;

/** Masked with a key of zeros, so that nothing has to be done for it. */
function frame(text: string): Buffer {
  const body = Buffer.from(text);
  const head =
    body.byteLength < 126
      ? Buffer.of(0x81, 0x80 | body.byteLength)
      : Buffer.of(0x81, 0x80 | 126, body.byteLength >> 8, body.byteLength & 0xff);
  return Buffer.concat([head, Buffer.alloc(4), body]);
}

function measure({ url, users, publishers, inFlight, payloadBytes, warmupMs, durationMs }: ChannelLoopOrder): void {
  const { hostname, port } = new URL(url);
  const filler = "x".repeat(payloadBytes);
  let deliveries = 0;
  let ready = 0;
  let publishing = true;
  const sequences = new Array<number>(users).fill(0);
  const sockets: Socket[] = [];
  const publish = (user: number): void => {
    sockets[user]!.write(frame(`p${user},${sequences[user]!++},${filler}`));
  };
  const onFrame = (user: number, first: number, isWelcome: boolean): void => {
    if (first === delivery) deliveries++;
    else if (first !== accepted) return;
    else if (!isWelcome) {
      if (publishing) publish(user);
    } else if (++ready === users) start();
  };
  for (let user = 0; user < users; user++) {
    let pending: Buffer = Buffer.alloc(0);
    let shaken = false;
    let welcomed = false;
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    sockets.push(socket);
    socket.write(
      `GET / HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
    );
    socket.on("data", (chunk) => {
      let bytes = pending.byteLength === 0 ? chunk : Buffer.concat([pending, chunk]);
      let at = 0;
      if (!shaken) {
        const end = bytes.indexOf("\r\n\r\n");
        if (end === -1) {
          pending = bytes;
          return;
        }
        shaken = true;
        bytes = bytes.subarray(end + 4);
        socket.write(frame('{"type":"hello"}'));
      }
      for (;;) {
        const left = bytes.byteLength - at;
        if (left < 2) break;
        const short = bytes[at + 1]! & 0x7f;
        const head = short < 126 ? 2 : 4;
        if (left < head) break;
        const length = short < 126 ? short : bytes.readUInt16BE(at + 2);
        if (left < head + length) break;
        onFrame(user, bytes[at + head]!, !welcomed);
        welcomed = true;
        at += head + length;
      }
      pending = at === bytes.byteLength ? Buffer.alloc(0) : bytes.subarray(at);
    });
  }
  function start(): void {
    for (let user = 0; user < publishers; user++) for (let n = 0; n < inFlight; n++) publish(user);
    setTimeout(() => {
      const [before, cpuBefore, startMs] = [deliveries, process.cpuUsage(), performance.now()];
      setTimeout(() => {
        const seconds = (performance.now() - startMs) / 1000;
        const { user, system } = process.cpuUsage(cpuBefore);
        publishing = false;
        process.send?.({
          deliveriesPerSecond: (deliveries - before) / seconds,
          usersCpuShare: (user + system) / 1e6 / seconds,
        } satisfies ChannelLoopResult);
      }, durationMs);
    }, warmupMs);
  }
}
