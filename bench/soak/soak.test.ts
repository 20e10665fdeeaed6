import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../protocol/testing.ts";
import { brokerNamed } from "../../servers/cluster/brokers/brokers.ts";
import { startMemoryHub } from "../../servers/cluster/memory-hub/program.ts";
import { wrongBrokers } from "../conformance/brokers/wrong-brokers.ts";
import { isSound, type SoakCounts, soak } from "./soak.ts";

const memory = brokerNamed("memory");
const shape = { topic: "soak", nodes: 3, ratePerSecond: 100, durationMs: 300, signal: new AbortController().signal };

test("a broker that does its work is sound, and every message is counted", async () => {
  const server = await startMemoryHub();
  try {
    const counts = await soak({ ...shape, broker: memory, server });
    assert.ok(counts.published > 0);
    assert.equal(counts.delivered, 3 * counts.published);
    assert.deepEqual(counts.statuses, []);
    assert.ok(isSound(counts));
  } finally {
    await server.stop();
  }
});

/** For as long as it takes until the counts are so. */
function soakUntil(plan: Omit<Parameters<typeof soak>[0], keyof typeof shape>, seen: (counts: SoakCounts) => boolean) {
  const abort = new AbortController();
  return soak({ ...shape, ...plan, durationMs: 3_600_000, signal: abort.signal }, (counts) => {
    void until(() => seen(counts()))
      .catch(() => {})
      .finally(() => abort.abort());
  });
}

test("one that doubles messages is not, nor one whose server dies", async () => {
  const server = await startMemoryHub();
  try {
    const twice = wrongBrokers(memory).get("hands over every 10th message twice")!;
    const doubled = await soakUntil({ broker: twice, server }, ({ duplicates }) => duplicates > 0);
    assert.ok(doubled.duplicates > 0 && !isSound(doubled), JSON.stringify(doubled));
    const dying = soakUntil({ broker: memory, server }, ({ refused, statuses, died }) => {
      if (server.pid !== undefined) process.kill(server.pid, "SIGKILL");
      return refused > 0 && statuses.includes("lost") && died !== undefined;
    });
    const died = await dying;
    assert.ok(died.refused > 0 && died.statuses.includes("lost") && !isSound(died), JSON.stringify(died));
    assert.match(died.died ?? "", /SIGKILL/);
  } finally {
    await server.stop();
  }
});

test("an early end counts what there was until then", async () => {
  const server = await startMemoryHub();
  const abort = new AbortController();
  try {
    const plan = { ...shape, broker: memory, server, durationMs: 3_600_000, signal: abort.signal };
    const counts = await soak(plan, () => setTimeout(() => abort.abort(), 100));
    assert.ok(counts.published > 0 && isSound(counts), JSON.stringify(counts));
  } finally {
    await server.stop();
  }
});
