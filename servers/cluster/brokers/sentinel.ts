/** The way of a session to whoever is the master now (https://redis.io/docs/latest/develop/reference/sentinel-clients). */
import { WirebenchError } from "../../../protocol/errors.ts";
import { addressesOf, firstOf } from "../broker/addresses.ts";
import type { OpenSession, SessionContext } from "../broker/session.ts";
import { redisClient } from "./redis-client.ts";

/** One that hangs must not keep the node from the others. */
const answerWaitMs = 1000;

/** Opens the session at the master that the first Sentinel that answers names, if that says so itself. */
export const atMaster =
  (open: OpenSession): OpenSession =>
  async (context) => {
    const url = await firstOf(addressesOf(context.url, context.node), (address) => masterOf(context, address));
    const [role] = (await ask(context, url, ["ROLE"])) as [unknown];
    if (role !== "master") throw new WirebenchError("connect-failed", "Sentinel named a master that is none any more");
    return await open({ ...context, url });
  };

async function masterOf(context: SessionContext, { host, pathname }: URL): Promise<string> {
  const name = pathname.slice(1);
  const address = await ask(context, `redis://${host}`, ["SENTINEL", "get-master-addr-by-name", name]);
  if (!Array.isArray(address)) throw new WirebenchError("connect-failed", `Sentinel knows no master called ${name}`);
  return `redis://${address.join(":")}`;
}

async function ask(context: SessionContext, url: string, command: readonly string[]): Promise<unknown> {
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
