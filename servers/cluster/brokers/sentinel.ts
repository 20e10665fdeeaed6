/** The way of a session to whoever is the master now (https://redis.io/docs/latest/develop/reference/sentinel-clients). */
import { WirebenchError } from "../../../protocol/errors.ts";
import { addressesOf, firstOf } from "../broker/addresses.ts";
import type { OpenSession, SessionContext } from "../broker/session.ts";
import { askRedis } from "./redis-question.ts";

/** Opens the session at the master that the first Sentinel that answers names, if that says so itself. */
export const atMaster =
  (open: OpenSession): OpenSession =>
  async (context) => {
    const url = await firstOf(addressesOf(context.url, context.node), (address) => masterOf(context, address));
    const [role] = (await askRedis(context, url, ["ROLE"])) as [unknown];
    if (role !== "master") throw new WirebenchError("connect-failed", "Sentinel named a master that is none any more");
    return await open({ ...context, url });
  };

async function masterOf(context: SessionContext, { host, pathname }: URL): Promise<string> {
  const name = pathname.slice(1);
  const address = await askRedis(context, `redis://${host}`, ["SENTINEL", "get-master-addr-by-name", name]);
  if (!Array.isArray(address)) throw new WirebenchError("connect-failed", `Sentinel knows no master called ${name}`);
  return `redis://${address.join(":")}`;
}
