/** Against the library's own server, which is what nodes of a cluster run. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { type Socket as NodeSocket, Server } from "socket.io";
import { defaultLimits } from "../../protocol/contract.ts";
import { until } from "../../protocol/testing.ts";
import { messageEvent, socketIoPath } from "../../protocol/wires/socketio.ts";
import { socketIoClient } from "./socketio.ts";

async function open(t: TestContext, options: ConstructorParameters<typeof Server>[1] = {}) {
  const http = createServer();
  const io = new Server(http, { transports: ["websocket"], serveClient: false, ...options });
  await once(http.listen(0, "127.0.0.1"), "listening");
  t.after(() => io.close());
  const sockets: NodeSocket[] = [];
  io.on("connection", (socket) => {
    sockets.push(socket);
    socket.on(messageEvent, (text: string, acknowledge: (text: string) => void) => acknowledge(`${text}, seen`));
  });
  const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}${socketIoPath}`;
  return { io, sockets, url };
}

async function join(t: TestContext, url: string, client = socketIoClient({ recover: false })) {
  const heard: string[] = [];
  const connection = await client.connect({
    url,
    limits: defaultLimits,
    user: 0,
    signal: AbortSignal.timeout(60_000),
    onMessage: (payload) => heard.push(`malformed: ${payload}`),
    onText: (utf8) => heard.push(utf8.toString()),
  });
  t.after(() => connection.close());
  return { connection, heard };
}

test("a user is answered, hears what everybody is told, and answers the pings that keep it there", async (t) => {
  const { io, sockets, url } = await open(t, { pingInterval: 20, pingTimeout: 60_000 });
  const { connection, heard } = await join(t, url);
  connection.send('p0,0,"quoted"');
  await until(() => heard.length === 1);
  let pongs = 0;
  sockets[0]!.conn.on("heartbeat", () => pongs++);
  await until(() => pongs > 2);
  io.emit(messageEvent, "d,1,a,0,0,plain");
  io.emit(messageEvent, 'd,1,a,0,1,"\\ü');
  await until(() => heard.length === 3);
  assert.deepEqual(heard, ['p0,0,"quoted", seen', "d,1,a,0,0,plain", 'd,1,a,0,1,"\\ü']);
  const left = once(sockets[0]!, "disconnect");
  await connection.close();
  assert.deepEqual((await left)[0], "client namespace disconnect");
  assert.throws(() => connection.send("too late"), { code: "closed" });
});

test("who comes back is given what it missed, if it asks", async (t) => {
  for (const recover of [true, false]) {
    const { io, sockets, url } = await open(t, { connectionStateRecovery: {} });
    const client = socketIoClient({ recover });
    const before = await join(t, url, client);
    io.emit(messageEvent, "one");
    await until(() => before.heard.length === 1);
    const cut = once(sockets[0]!, "disconnect");
    sockets[0]!.conn.close();
    await cut;
    assert.equal((await before.connection.closed).by, "server");
    io.emit(messageEvent, "two");
    const after = await join(t, url, client);
    io.emit(messageEvent, "three");
    await until(() => after.heard.includes("three"));
    assert.deepEqual([before.heard, after.heard], [["one"], recover ? ["two", "three"] : ["three"]]);
    assert.equal(sockets[1]!.recovered, recover);
  }
});

test("a user that is not let in is told why, and one that gives up waits no longer", async (t) => {
  const { io, url } = await open(t);
  io.use((_socket, next) => next(new Error("no room")));
  await assert.rejects(join(t, url), { code: "connect-failed", message: /no room/ });
  const silent = createServer();
  new Server(silent, { transports: ["websocket"], serveClient: false, connectTimeout: 60_000 }).use(() => {});
  await once(silent.listen(0, "127.0.0.1"), "listening");
  t.after(() => silent.closeAllConnections());
  t.after(() => silent.close());
  const waiting = socketIoClient({ recover: false }).connect({
    url: `ws://127.0.0.1:${(silent.address() as AddressInfo).port}${socketIoPath}`,
    limits: defaultLimits,
    user: 0,
    signal: AbortSignal.timeout(100),
    onMessage: () => {},
  });
  await assert.rejects(waiting, { code: "aborted" });
});
