import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as elapsed } from "node:timers/promises";
import { Manager } from "socket.io-client";
import { until } from "../../protocol/testing.ts";
import { adapterNames } from "../../servers/cluster/socketio/node.ts";
import { startProgram } from "../../servers/programs/program.ts";
import { redis } from "../../servers/programs/redis.ts";
import { hasProgram } from "../testing.ts";
import { NodeHandle } from "./node-handle.ts";

function userOf(t: TestContext, { port }: NodeHandle) {
  const socket = new Manager(`http://127.0.0.1:${port}`, { transports: ["websocket"], reconnection: false }).socket(
    "/",
  );
  t.after(() => socket.disconnect());
  const heard: string[] = [];
  socket.on("message", (message: string) => heard.push(message));
  return { socket, heard };
}

test("users of every Socket.IO node hear a message once, whichever adapter carries it", async (t) => {
  if (!hasProgram(t, "redis")) return;
  const program = await startProgram(redis);
  t.after(() => program.stop());
  for (const adapter of adapterNames) {
    const [here, there] = await Promise.all(
      ["first", "second"].map(async () => {
        const node = await NodeHandle.start({ adapter, redisUrl: program.url, port: 0, topic: adapter });
        t.after(() => node.kill());
        return userOf(t, node);
      }),
    );
    const users = [here!, there!];
    await until(() => users.every(({ socket }) => socket.connected));
    // A node listens before it hears the others.
    for (const user of users) {
      while (!user.heard.some((text) => text.startsWith("early"))) {
        user.socket.emit("publish", `early ${performance.now()}`);
        await elapsed(20);
      }
    }
    while (!there!.heard.includes("last")) {
      here!.socket.emit("publish", "last");
      await until(() => here!.heard.includes("last"));
      await elapsed(20);
    }
    const of = (heard: readonly string[]) => heard.filter((text) => text.startsWith("early"));
    for (const { heard } of users) assert.equal(new Set(of(heard)).size, of(heard).length, `${adapter}: heard twice`);
  }
});
