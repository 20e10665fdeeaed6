import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { WebSocketServer } from "ws";
import { DevTools } from "./devtools.ts";

const ended = { code: "component-failed", message: "the browser has ended" };

test("calls are answered, and reject when the browser ends before, has ended, or is let go of", {
  timeout: 30_000,
}, async (t) => {
  const server = createServer((_request, response) => {
    const { port } = server.address() as AddressInfo;
    response.end(JSON.stringify({ webSocketDebuggerUrl: `ws://127.0.0.1:${port}/` }));
  }).listen(0, "127.0.0.1");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, "listening");
  new WebSocketServer({ server }).on("connection", (browser) => {
    browser.on("message", (data) => {
      const { id, method } = JSON.parse(String(data)) as { id: number; method: string };
      if (method === "die") browser.terminate();
      else browser.send(JSON.stringify({ id, result: { method } }));
    });
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const dying = await DevTools.connect(url);
  assert.deepEqual(await dying.call("hello"), { method: "hello" });
  await assert.rejects(dying.call("die"), ended);
  await assert.rejects(dying.call("hello"), ended);
  await assert.rejects(dying.unlessEnded(new Promise(() => {})), ended);
  const left = await DevTools.connect(url);
  left[Symbol.dispose]();
  await assert.rejects(left.call("hello"), ended);
});
