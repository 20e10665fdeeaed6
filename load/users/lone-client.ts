/** One user alone at a server, with a client of this process. */

import { nowNs } from "../../protocol/clock.ts";
import { defaultLimits, type Options, type ProtocolClient } from "../../protocol/contract.ts";
import { type LoneUser, loneUser } from "./lone-user.ts";

const connectMsMax = 60_000;

/** Connected; its clock counts nanoseconds. */
export const connectAlone = (
  client: ProtocolClient,
  { url, options }: { readonly url: string; readonly options: Options },
): Promise<LoneUser> =>
  loneUser(nowNs, async ({ onMessage, onEnd }) => {
    const connection = await client.connect({
      url,
      options,
      limits: defaultLimits,
      user: 0,
      signal: AbortSignal.timeout(connectMsMax),
      onMessage,
    });
    void connection.closed.then(({ message }) => onEnd(message));
    return connection;
  });
