import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { ClientConnection, ProtocolClient } from "../../protocol/contract.ts";
import { defaultLimits } from "../../protocol/contract.ts";
import { ManualTimeline } from "../pacing/manual-timeline.ts";
import { Users } from "./users.ts";

/** A client whose handshakes take so long by a clock that moves on only while `passing` waits for something. */
function clientTaking(ms: number) {
  const timeline = new ManualTimeline();
  let [underWay, most, connections] = [0, 0, 0];
  const connection = { send() {}, close: async () => {}, closed: new Promise(() => {}) } as unknown as ClientConnection;
  const client = {
    async connect() {
      most = Math.max(most, ++underWay);
      connections++;
      await (ms === 0 ? undefined : new Promise<void>((resolve) => timeline.after(ms, resolve)));
      underWay--;
      return connection;
    },
  } as unknown as ProtocolClient;
  const passing = async (connecting: Promise<unknown>): Promise<void> => {
    let isOver = false;
    const over = connecting.finally(() => {
      isOver = true;
    });
    over.catch(() => {});
    for (; !isOver; await turn()) timeline.advance(timeline.nowNs() + 10e6);
    await over;
  };
  return { client, users: new Users(() => {}, timeline), passing, most: () => most, connections: () => connections };
}

const order = {
  url: "",
  connections: 12,
  firstUser: 0,
  codec: { kind: "text", payloadBytes: 64, seed: 1 },
  options: {},
  limits: defaultLimits,
} as const;

test("connects one user after the other where handshakes are quick", async () => {
  const { client, users, most, connections } = clientTaking(0);
  await users.connect(client, order);
  assert.deepEqual([most(), connections()], [1, order.connections + 4]);
});

test("has several handshakes under way where each takes its time", async () => {
  const { client, users, passing, most, connections } = clientTaking(250);
  await passing(users.connect(client, order));
  assert.deepEqual([most(), connections()], [5, order.connections + 4]);
});

test("rejects with the first handshake that fails, however many are under way", async () => {
  let failing = 0;
  const { client, users, passing } = clientTaking(150);
  const broken = {
    async connect(options: never) {
      if (++failing > 8) throw new Error("refused");
      return client.connect(options);
    },
  } as unknown as ProtocolClient;
  await assert.rejects(passing(users.connect(broken, order)), /refused/);
});

test("tells what crossed the wire for one connection, from its opening to its close", async (t) => {
  const server = createServer((socket) => socket.once("data", () => socket.end("y".repeat(50))));
  t.after(() => server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = {
    async connect() {
      const socket = connect(port, "127.0.0.1").resume();
      await once(socket, "connect");
      const close = async (): Promise<void> => {
        socket.end("x".repeat(100));
        await once(socket, "close");
      };
      return { send() {}, close, closed: new Promise(() => {}) };
    },
  } as unknown as ProtocolClient;
  const users = new Users(() => {});
  const { wireBytesPerConnection } = await users.connect(client, order);
  await users.disconnect();
  assert.equal(wireBytesPerConnection, 150);
});
