/** Logs in, again and again, one after the other; or once, overheard. */
import { forgetScramKeys } from "../../../clients/xmpp/scram.ts";
import { LatencyHistogram } from "../../../load/recording/latency.ts";
import { connectAlone } from "../../../load/users/lone-client.ts";
import type { LoneUser } from "../../../load/users/lone-user.ts";
import { addressOf } from "../../../protocol/address.ts";
import { nowNs } from "../../../protocol/clock.ts";
import type { Options } from "../../../protocol/contract.ts";
import { describeError } from "../../../protocol/errors.ts";
import { learnSecrets, masked } from "../../../protocol/secrets.ts";
import { through } from "../../relay/way.ts";
import { type Overheard, Wiretap } from "../../relay/wiretap.ts";
import { loadClient } from "../../targets/protocol-modules.ts";
import type { Role } from "./role.ts";

export interface LoginOrder {
  readonly url: string;
  readonly protocol: string;
  readonly options: Options;
  /** SASL mechanism to insist on; absent: there is no login, or the best. */
  readonly mechanism?: string;
  /** Whether what a login derived from the password is kept for the next. */
  readonly keepsKeys: boolean;
  readonly logins: number;
  /** Messages, each answered, that are counted as if they were part of an overheard login: 0 unless something is to be wrong. */
  readonly extraMessages: number;
}

export interface LoginReport {
  /** Why the first login was refused; nothing else is told then. */
  readonly refused?: string;
  /** Of the logins that were timed, encoded. */
  readonly login: string;
  readonly clientCpuUs: number;
  /** Of one login more, on a way of its own; absent where that way cannot be. */
  readonly overheard?: Overheard & { readonly scramIterations?: number };
}

/** Asked for in the URL, where every binding reads it. */
function urlOf({ url, mechanism }: LoginOrder): string {
  const asked = new URL(url);
  if (mechanism !== undefined) asked.searchParams.set("mechanism", mechanism);
  return asked.href;
}

export const login: Role<LoginOrder, LoginReport> = {
  name: "login",
  async run(order) {
    learnSecrets(order.url);
    const client = await loadClient(order.protocol, "library");
    const connect = (url: string): Promise<LoneUser> => {
      if (!order.keepsKeys) forgetScramKeys();
      return connectAlone(client, { url, options: order.options });
    };
    const url = urlOf(order);
    const times = new LatencyHistogram();
    let clientCpuUs = 0;
    try {
      for (let count = 0; count < order.logins; count++) {
        const [startNs, start] = [nowNs(), process.cpuUsage()];
        const user = await connect(url);
        times.record(nowNs() - startNs);
        const used = process.cpuUsage(start);
        clientCpuUs += used.user + used.system;
        await user.close();
      }
    } catch (error) {
      if (times.count > 0) throw error;
      return { refused: reasonIn(error), login: "", clientCpuUs: 0 };
    }
    const report = { login: times.encode(), clientCpuUs };
    const overheard = await overhear(url, async (tapped) => {
      const user = await connect(tapped);
      for (let count = 0; count < order.extraMessages; count++) await user.echo("once more");
      return user;
    });
    return { ...report, ...(overheard && { overheard }) };
  },
};

/** Without the address it begins with. */
const reasonIn = (error: unknown): string => masked(describeError(error)).replace(/^cannot connect to \S+: /, "");

/** Only where the tap has the server's own address, on which its domain and its certificate may depend. */
async function overhear(
  url: string,
  connect: (tapped: string) => Promise<LoneUser>,
): Promise<LoginReport["overheard"]> {
  const address = addressOf(url);
  if (address.host !== "127.0.0.1") return undefined;
  let iterations: number | undefined;
  const listen = (bytes: Buffer): Buffer => {
    iterations ??= iterationsIn(bytes.toString("latin1"));
    return bytes;
  };
  await using tap = await Wiretap.on(address, listen);
  const user = await connect(through(url, tap.port));
  const heard = tap.take();
  await user.close();
  return { ...heard, ...(iterations !== undefined && { scramIterations: iterations }) };
}

/** What a challenge asks for (RFC 5802 section 5.1), where it is not encrypted. */
function iterationsIn(text: string): number | undefined {
  const data = /<challenge\b[^>]*>([\w+/=]+)<\/challenge>/.exec(text)?.[1] ?? "";
  const count = /,i=(\d+)/.exec(Buffer.from(data, "base64").toString())?.[1];
  return count === undefined ? undefined : Number(count);
}
