/**
 * A WebSocket echo server that costs next to nothing, so that what is compared is the clients: it reads frames out of what
 * the kernel wrote, and answers all of a chunk in one write. For well-behaved clients on loopback only.
 */
import { createHash } from "node:crypto";
import { type AddressInfo, createServer, type Socket } from "node:net";

process.on("disconnect", () => process.exit(0));
process.once("message", () => {
  const server = createServer({ noDelay: true }, serve).listen(0, "127.0.0.1", 4096, () => {
    process.send?.(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  });
});

function serve(socket: Socket): void {
  let pending: Buffer = Buffer.alloc(0);
  let shaken = false;
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    let bytes = pending.byteLength === 0 ? chunk : Buffer.concat([pending, chunk]);
    if (!shaken) {
      const end = bytes.indexOf("\r\n\r\n");
      if (end === -1) {
        pending = bytes;
        return;
      }
      socket.write(answerTo(bytes.toString("latin1", 0, end)));
      shaken = true;
      bytes = bytes.subarray(end + 4);
    }
    pending = echo(socket, bytes);
  });
}

function answerTo(request: string): string {
  const key = /^sec-websocket-key: *(.*?) *$/im.exec(request)?.[1] ?? "";
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}

/** An answer is shorter than what it answers, by the mask, so it can be written over it. Returns what is not whole yet. */
function echo(socket: Socket, bytes: Buffer): Buffer {
  let at = 0;
  let out = 0;
  for (;;) {
    if (bytes.byteLength - at < 6) break;
    const short = bytes[at + 1]! & 0x7f;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.byteLength - at < head + 4) break;
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : bytes.readUInt32BE(at + 6);
    const body = at + head + 4;
    if (bytes.byteLength < body + length) break;
    const [k0, k1, k2, k3] = [bytes[body - 4]!, bytes[body - 3]!, bytes[body - 2]!, bytes[body - 1]!];
    const isClose = (bytes[at]! & 0x0f) === 8;
    for (let index = 0; index < head; index++) bytes[out++] = bytes[at + index]! & (index === 1 ? 0x7f : 0xff);
    let index = 0;
    for (; index + 3 < length; index += 4) {
      bytes[out++] = bytes[body + index]! ^ k0;
      bytes[out++] = bytes[body + index + 1]! ^ k1;
      bytes[out++] = bytes[body + index + 2]! ^ k2;
      bytes[out++] = bytes[body + index + 3]! ^ k3;
    }
    for (; index < length; index++) bytes[out++] = bytes[body + index]! ^ [k0, k1, k2, k3][index & 3]!;
    at = body + length;
    if (isClose) {
      socket.end(bytes.subarray(0, out));
      return Buffer.alloc(0);
    }
  }
  const rest = Buffer.from(bytes.subarray(at));
  if (out > 0) socket.write(bytes.subarray(0, out));
  return rest;
}
