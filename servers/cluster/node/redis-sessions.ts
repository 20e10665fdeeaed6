import { randomUUID } from "node:crypto";
import { describeError, WirebenchError } from "../../../protocol/errors.ts";
import { deleteKeys } from "../redis-keys.ts";
import type { SessionStore } from "./sessions.ts";

export interface RedisSessionsOptions {
  /** `redis://HOST:PORT`. */
  readonly url: string;
  /** Sets the sessions of one cluster apart from those of others in the same Redis. */
  readonly prefix: string;
  /** A session unused for so long is forgotten, in seconds. */
  readonly timeToLiveS?: number;
  /** A command without an answer is given up after it: a frozen Redis must not hold its users for ever. */
  readonly answerMs?: number;
}

const defaultTimeToLiveS = 600;
const defaultAnswerMs = 2000;
const commandsQueuedMax = 10_000;
const reconnectMs = 200;

/** Only ids as this store gives them out become part of a key. */
const sessionId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** One atomic command each, so that a step never makes a session that is not there. -1: not found. */
const scripts = {
  find: `
    if redis.call("EXISTS", KEYS[1]) == 0 then return -1 end
    redis.call("EXPIRE", KEYS[1], ARGV[1])
    return tonumber(redis.call("HGET", KEYS[1], "steps"))`,
  create: `
    redis.call("HSET", KEYS[1], "steps", 0)
    redis.call("EXPIRE", KEYS[1], ARGV[1])
    return 0`,
  step: `
    if redis.call("EXISTS", KEYS[1]) == 0 then return -1 end
    redis.call("EXPIRE", KEYS[1], ARGV[1])
    return redis.call("HINCRBY", KEYS[1], "steps", 1)`,
} as const;

/**
 * A hash per session in Redis, so that every node finds every session, and none dies with a node. A command fails at
 * once while Redis is away, and the client reconnects without end. Rejects with `connect-refused` or `connect-failed`.
 */
export async function redisSessions(options: RedisSessionsOptions): Promise<SessionStore> {
  const { url, prefix, timeToLiveS = defaultTimeToLiveS, answerMs = defaultAnswerMs } = options;
  let connected = false;
  // Optional to install.
  const { createClient } = await import("@redis/client");
  const client = createClient({
    url,
    disableOfflineQueue: true,
    commandsQueueMaxLength: commandsQueuedMax,
    disableClientInfo: true,
    // Extensions of the vendor's cloud.
    maintNotifications: "disabled",
    socket: {
      connectTimeout: answerMs,
      reconnectStrategy: () => (connected ? reconnectMs : false),
    },
  });
  client.on("error", () => {});
  try {
    await client.connect();
  } catch (error) {
    client.destroy();
    throw new WirebenchError(
      isRefusal(error) ? "connect-refused" : "connect-failed",
      `cannot keep sessions in ${url}: ${describeError(error)}`,
      { cause: error },
    );
  }
  connected = true;

  async function run(script: keyof typeof scripts, session: string): Promise<number> {
    const answer = client.eval(scripts[script], {
      keys: [`${keysOf(prefix)}session:${session}`],
      arguments: [String(timeToLiveS)],
    });
    return Number(await answeredWithin(answerMs, answer));
  }

  return {
    async open(asked) {
      const steps = asked !== undefined && sessionId.test(asked) ? await run("find", asked) : -1;
      if (steps >= 0) return { session: asked!, found: true, steps };
      const session = randomUUID();
      await run("create", session);
      return { session, found: false, steps: 0 };
    },
    async step(session) {
      const steps = await run("step", session);
      return steps < 0 ? { found: false, steps: 0 } : { found: true, steps };
    },
    async close() {
      if (client.isOpen) client.destroy();
    },
  };
}

const keysOf = (prefix: string): string => `wirebench:${prefix}:`;

/** Deletes the sessions of a cluster that is over, which would otherwise be there until their time is up. */
export const forgetSessions = (url: string, prefix: string): Promise<void> => deleteKeys(url, keysOf(prefix));

/** The client wraps what the socket threw. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (error as NodeJS.ErrnoException).code === "ECONNREFUSED" || isRefusal(error.cause);
}

async function answeredWithin<T>(ms: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(reject, ms, new WirebenchError("connect-failed", `Redis did not answer within ${ms} ms`));
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
