import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { test } from "node:test";
import { WireByteCounter } from "./wire-bytes.ts";

test("counts what this process's TCP clients send and receive, open and closed alike", async () => {
  const counter = new WireByteCounter();
  const server = createServer((socket) => socket.on("data", () => socket.end("0123456789")));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const exchange = async (): Promise<void> => {
    const socket = connect(port, "127.0.0.1");
    socket.write("abc");
    socket.resume();
    await once(socket, "close");
  };
  await exchange();
  assert.deepEqual(counter.read(), { sent: 3, received: 10 });
  const open = connect(port, "127.0.0.1");
  open.write("defg");
  await once(open, "data");
  assert.deepEqual(counter.read(), { sent: 7, received: 20 });
  await exchange();
  assert.deepEqual(counter.read(), { sent: 10, received: 30 });
  assert.equal(counter.connections, 3);
  server.close();
});
