import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { LatencyHistogram } from "../../load/recording/latency.ts";
import { nowNs } from "../../protocol/clock.ts";
import { until } from "../../protocol/testing.ts";
import { freePort } from "../../servers/programs/free-ports.ts";
import { Link } from "./link.ts";
import { Relay } from "./relay.ts";
import { through, wayTo } from "./way.ts";

/** Sends back what it gets, and ends when it is asked to. */
let server: Server;
const served = new Set<Socket>();

before(async () => {
  server = createServer({ allowHalfOpen: true }, (socket) => {
    served.add(socket);
    socket.on("error", () => {}).pipe(socket);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
});
after(() => {
  for (const socket of served) socket.destroy();
  server.close();
});

const open = (ownPort = 0) => Relay.to({ host: "127.0.0.1", port: (server.address() as AddressInfo).port }, ownPort);

/** A client with everything it heard. */
async function client(relay: Relay) {
  const socket = connect({ port: relay.port, host: "127.0.0.1", allowHalfOpen: true });
  let heard = "";
  socket.on("error", () => {}).setEncoding("latin1");
  socket.on("data", (text: string) => {
    heard += text;
  });
  await once(socket, "connect");
  return {
    socket,
    get heard() {
      return heard;
    },
    hears: (text: string) => until(() => heard === text),
  };
}

test("what goes in comes out, both ways, to the end", async () => {
  await using relay = await open();
  const { socket, hears } = await client(relay);
  const text = "wire".repeat(100_000);
  socket.end(text);
  await hears(text);
  await until(() => socket.readableEnded);
  const { connections, up, down } = relay.read();
  assert.deepEqual([connections, up.bytes, down.bytes], [1, text.length, text.length]);
});

test("a cut resets what is there and what comes, and healed it works again", async () => {
  await using relay = await open();
  const first = await client(relay);
  first.socket.write("a");
  await first.hears("a");
  relay.cut();
  await until(() => first.socket.destroyed);
  const second = connect(relay.port, "127.0.0.1").on("error", () => {});
  await new Promise((resolve) => second.once("close", resolve));
  relay.heal();
  const third = await client(relay);
  third.socket.write("b");
  await third.hears("b");
  third.socket.destroy();
});

test("one that refuses resets what is there and does not listen, and healed it does at the same port", async () => {
  // Nobody else is given it while it refuses.
  await using relay = await open(await freePort());
  const first = await client(relay);
  first.socket.write("a");
  await first.hears("a");
  relay.refuse();
  await until(() => first.socket.destroyed);
  const refused = connect(relay.port, "127.0.0.1");
  const [error] = (await once(refused, "error")) as [NodeJS.ErrnoException];
  assert.equal(error.code, "ECONNREFUSED");
  await relay.heal();
  const second = await client(relay);
  second.socket.write("b");
  await second.hears("b");
  second.socket.destroy();
});

test("a stall lets nothing through and ends nothing; what waited comes when it is healed, newcomers too", async () => {
  await using relay = await open();
  const first = await client(relay);
  first.socket.write("a");
  await first.hears("a");
  relay.stall();
  const second = await client(relay);
  first.socket.write("b");
  second.socket.write("c");
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual([first.heard, second.heard, first.socket.destroyed], ["a", "", false]);
  relay.heal();
  await first.hears("ab");
  await second.hears("c");
  first.socket.destroy();
  second.socket.destroy();
});

test("a delay is imposed on every byte of its direction, in order, and told as it was", async () => {
  await using relay = await open();
  relay.impose({ down: { delayMs: 30 } });
  const { socket, hears } = await client(relay);
  for (const text of ["1", "2", "3"]) socket.write(text);
  await hears("123");
  const imposedNs = LatencyHistogram.decode(relay.read().down.imposed!).percentileNs(0);
  assert.ok(imposedNs >= 30e6 * 0.999, `${imposedNs} ns`);
  socket.write("4");
  await until(() => relay.read().up.bytes === 4);
  // A shorter delay lets nothing overtake.
  relay.impose({});
  socket.write("5");
  await hears("12345");
  socket.destroy();
});

test("a line carries so many bytes per second, all its connections together", async () => {
  await using relay = await open();
  const bytesPerSecond = 1_000_000;
  const text = "x".repeat(50_000);
  relay.impose({ up: { bytesPerSecond } });
  const clients = await Promise.all([client(relay), client(relay)]);
  const startMs = performance.now();
  for (const { socket } of clients) socket.write(text);
  await Promise.all(clients.map(({ hears }) => hears(text)));
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs >= (2 * text.length * 1000) / bytesPerSecond - 1, `${tookMs} ms`);
  for (const { socket } of clients) socket.destroy();
});

test("a reader that does not read holds its sender up: the relay keeps a bounded part", async () => {
  await using relay = await open();
  const { socket } = await client(relay);
  socket.pause();
  const chunk = Buffer.alloc(1024 * 1024);
  let sent = 0;
  const tooMuch = 256 * chunk.length;
  const send = (): void => {
    for (let taken = true; taken && sent < tooMuch; sent += chunk.length) taken = socket.write(chunk);
  };
  socket.on("drain", send);
  send();
  let before = -1;
  // Everything on the way is full when a while brings no more.
  await until(async () => {
    const now = sent;
    await new Promise((resolve) => setTimeout(resolve, 100));
    const still = now === before && sent === now;
    before = now;
    return still;
  });
  assert.ok(sent < tooMuch, `${sent} bytes`);
  socket.destroy();
});

test("an address leads through a relay with everything but its authority", () => {
  assert.equal(through("redis://user:word@10.0.0.1:6379/3", 7), "redis://user:word@127.0.0.1:7/3");
  assert.equal(through("kafka://127.0.0.1:9092", 7), "kafka://127.0.0.1:7");
});

test("a relay stands where the program's clients are told to go on", () => {
  const program = { name: "kafka", url: "kafka://127.0.0.1:1", doors: [{ port: 2, behind: 3 }] };
  assert.deepEqual(wayTo(program, 0), { target: { host: "127.0.0.1", port: 3 }, port: 2 });
  assert.throws(() => wayTo(program, 1), { code: "component-failed", message: /kafka .* 1 of them/ });
  const plain = { name: "nats", url: "nats://10.0.0.1:4222" };
  assert.deepEqual(wayTo(plain, 5), { target: { host: "10.0.0.1", port: 4222 }, port: 0 });
});

test("a connection takes a round trip before its first byte can leave", async () => {
  await using relay = await open();
  relay.impose({ up: { delayMs: 20 }, down: { delayMs: 20 }, connectMs: 40 });
  const startNs = nowNs();
  const { socket, hears } = await client(relay);
  socket.write("a");
  await hears("a");
  // One for the connection, one for the bytes.
  assert.ok(nowNs() - startNs >= 79e6, `${nowNs() - startNs} ns`);
  const again = nowNs();
  socket.write("b");
  await hears("ab");
  assert.ok(nowNs() - again >= 39e6);
  socket.destroy();
});

test("the end of a connection is as long on its way as bytes are", async () => {
  await using relay = await open();
  relay.impose({ up: { delayMs: 30 } });
  const { socket, hears } = await client(relay);
  socket.write("a");
  await hears("a");
  const far = [...served].at(-1)!;
  const startNs = nowNs();
  socket.end();
  await once(far, "end");
  assert.ok(nowNs() - startNs >= 29e6, `${nowNs() - startNs} ns`);
  await until(() => socket.readableEnded);
});

test("what is lost comes after it was sent again, and what follows waits for it", () => {
  const lossy = { delayMs: 10, lossShare: 1, fastRetransmitMs: 20, timeoutMs: 220 };
  const link = new Link();
  link.impose(lossy);
  const followed = link.dueNs(1460, 0, 3) / 1e6;
  const alone = link.dueNs(1460, 0, 0) / 1e6;
  assert.deepEqual([followed, alone, link.read().retransmissions], [30, 230, 2]);
  link.impose({ ...lossy, lossShare: 0.1 });
  const delaysMs = Array.from({ length: 10_000 }, () => link.dueNs(1460, 0, 3) / 1e6);
  const lost = delaysMs.filter((ms) => ms > 10).length;
  // Three standard deviations of so many draws.
  assert.ok(Math.abs(lost - 1000) < 90, `${lost} of 10,000`);
});

test("connections share a line, or have one each", () => {
  const link = new Link();
  const lines = [{ freeNs: 0 }, { freeNs: 0 }];
  const dueMs = (): number[] => lines.flatMap((line) => [1, 2].map(() => link.dueNs(1000, 0, 0, line) / 1e6));
  link.impose({ bytesPerSecond: 1e6 });
  assert.deepEqual(dueMs(), [1, 2, 3, 4]);
  link.impose({ bytesPerSecond: 1e6, isLineOwn: true });
  assert.deepEqual(dueMs(), [1, 2, 1, 2]);
});

test("jitter spreads delays evenly around the middle, and lets nothing overtake", async () => {
  const link = new Link();
  link.impose({ delayMs: 10, jitterMs: 5 });
  const delaysMs = Array.from({ length: 10_000 }, () => link.dueNs(1, 0, 0) / 1e6);
  assert.ok(Math.min(...delaysMs) >= 5 && Math.max(...delaysMs) <= 15);
  assert.ok(Math.min(...delaysMs) < 5.1 && Math.max(...delaysMs) > 14.9);
  await using relay = await open();
  relay.impose({ up: { delayMs: 4, jitterMs: 4 }, down: { delayMs: 4, jitterMs: 4 } });
  const { socket, hears } = await client(relay);
  const numbers = Array.from({ length: 200 }, (_, index) => `${index} `);
  for (const number of numbers) socket.write(number);
  await hears(numbers.join(""));
  socket.destroy();
});
