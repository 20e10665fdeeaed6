/** On real processes and sockets: a server that somebody else wrote and set limits of its own to. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { WebSocketServer } from "ws";
import { clusterPresets } from "../experiments/cluster/presets.ts";
import { presets } from "../experiments/comparison/presets.ts";
import { experimentNamed } from "../experiments/experiments.ts";
import { parseTarget } from "../targets/target.ts";
import { type RunObserver, run } from "./runner.ts";
import { verifyTarget } from "./verify.ts";

const silent: RunObserver = {
  verifying() {},
  refused() {},
  trialsStart() {},
  windowEnded() {},
  trialEnded() {},
  checkpoint() {},
};

async function echoServer(t: TestContext, maxPayload: number): Promise<string> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, maxPayload });
  server.on("connection", (socket) => {
    socket.on("error", () => {});
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  await once(server, "listening");
  t.after(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  return `websocket=ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test("a server of others that limits payloads to 100 KiB is measured with those it carries, and refused the others", async (t) => {
  const target = parseTarget(await echoServer(t, 100 * 1024));
  const experiment = experimentNamed("throughput");
  const cells = [64, 100 * 1024, 100 * 1024 + 1].flatMap((payloadBytes) => {
    const traffic = { ...presets.quick.settings, connections: 2, durationMs: 100, warmupMs: 20, payloadBytes };
    return experiment
      .cells({ targets: [target], traffic, cluster: clusterPresets.quick })
      .map((cell) => ({ experiment, cell }));
  });
  const plan = { command: "wirebench run", preset: "quick", seed: 1, trials: 1, cells };
  const results = await run(plan, silent, new AbortController().signal);
  for (const cell of results.cells) {
    const { payloadBytes } = cell.parameters;
    if (payloadBytes > 100 * 1024) {
      assert.equal(cell.state, "refused");
      assert.match(cell.reason, /^text of 102,401 bytes does not come back, though shorter messages do: .*1009/);
      continue;
    }
    assert.equal(cell.state, "measured");
    const limits = cell.validity.flags.filter(({ code }) => code === "payload-limit");
    assert.deepEqual(
      limits.map(({ severity, message }) => `${severity}: ${message.split(" does")[0]}`),
      ["warning: text of 102,401 bytes", "warning: binary of 1,048,576 bytes"],
    );
  }
});

test("a server of others that does not carry 64 KiB is refused, and one that carries 1 MiB has no remark", async (t) => {
  const { signal } = new AbortController();
  const short = await verifyTarget(parseTarget(await echoServer(t, 65_535)), signal);
  assert.match(short.at(-1)?.reason ?? "", /1009/);
  assert.equal(short.at(-1)?.outcome, "failed");
  const long = await verifyTarget(parseTarget(await echoServer(t, 1024 * 1024)), signal);
  assert.deepEqual(
    long.filter(({ outcome, remarks }) => outcome === "failed" || remarks !== undefined),
    [],
  );
});
