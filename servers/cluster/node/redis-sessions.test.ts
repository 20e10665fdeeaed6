import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createClient } from "@redis/client";
import { until } from "../../../protocol/testing.ts";
import { redis as redisProgram } from "../../programs/redis.ts";
import type { RunningProgram } from "../../programs/running-program.ts";
import { redisSessions } from "./redis-sessions.ts";

const isMissing = spawnSync("redis-server", ["--version"]).error !== undefined;
const skip = isMissing && process.env.WIREBENCH_REQUIRE !== "all" ? "redis-server is not installed" : false;

describe("sessions in Redis", { skip, timeout: 120_000 }, () => {
  let redis: RunningProgram;

  before(async () => {
    const folder = mkdtempSync(join(tmpdir(), "wirebench-sessions-"));
    redis = await redisProgram.start("redis-server", { folder, temporary: true });
  });
  after(() => redis?.stop());
  const open = (options: { answerMs?: number; timeToLiveS?: number } = {}, prefix = "t") =>
    redisSessions({ url: redis.url, prefix, ...options });

  it("are found by every node of the cluster, and by no other cluster", async () => {
    const [one, two, foreign] = await Promise.all([open(), open(), open({}, "u")]);
    const { session, ...opened } = await one!.open();
    assert.deepEqual(opened, { found: false, steps: 0 });
    assert.deepEqual(await two!.step(session), { found: true, steps: 1 });
    assert.deepEqual(await one!.step(session), { found: true, steps: 2 });
    await one!.close();
    assert.deepEqual(await two!.open(session), { session, found: true, steps: 2 });
    assert.deepEqual(await foreign!.step(session), { found: false, steps: 0 });
    assert.equal((await foreign!.open(session)).found, false);
    assert.equal((await two!.open("x:y\r\n")).found, false);
    await Promise.all([two!.close(), foreign!.close(), two!.close()]);
  });

  it("are forgotten after their time to live", async () => {
    const sessions = await open({ timeToLiveS: 1 });
    const { session } = await sessions.open();
    const asked = createClient({ url: redis.url });
    await asked.connect();
    // Seen from outside, since whoever asks for a session renews it.
    await until(async () => !(await asked.keys("*")).some((key) => key.includes(session)));
    asked.destroy();
    assert.deepEqual(await sessions.step(session), { found: false, steps: 0 });
    await sessions.close();
  });

  it("reject while Redis does not answer, at once when it is gone, and connecting says so", async (t) => {
    const sessions = await open({ answerMs: 60_000 });
    t.after(() => sessions.close());
    const { session } = await sessions.open();
    redis.freeze();
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const unanswered = assert.rejects(sessions.step(session), { message: /did not answer within 60000 ms/ });
    t.mock.timers.tick(60_000);
    await unanswered;
    t.mock.timers.reset();
    redis.thaw();
    await redis.kill();
    await assert.rejects(sessions.step(session));
    await assert.rejects(open(), { code: "connect-refused" });
    await redis.restart();
    // Back by itself, and with the session.
    await until(() => sessions.step(session).catch(() => undefined));
    await sessions.close();
    await assert.rejects(sessions.open());
  });
});
