/** One question to one Redis, on a connection of its own: who leads, and where. */
import { WirebenchError } from "../../../protocol/errors.ts";
import type { SessionContext } from "../broker/session.ts";
import { redisClient } from "./redis-client.ts";

/** One that hangs must not keep the node from the others. */
const answerWaitMs = 1000;

export async function askRedis(context: SessionContext, url: string, command: readonly string[]): Promise<unknown> {
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(answerWaitMs)]);
  const client = await redisClient({ ...context, url, signal, lost() {} }, "leader");
  const { promise: late, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(new WirebenchError("connect-failed", `no answer in ${answerWaitMs / 1000} s`));
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([client.sendCommand([...command]), late]);
  } finally {
    signal.removeEventListener("abort", giveUp);
    client.destroy();
  }
}
