/** Logs in, again and again, one after the other; or once, overheard. */
import { forgetScramKeys } from "../../../clients/xmpp/scram.ts";
import { LatencyHistogram } from "../../../load/recording/latency.ts";
import { addressOf } from "../../../protocol/address.ts";
import { nowNs } from "../../../protocol/clock.ts";
import { type ClientConnection, defaultLimits, type Options } from "../../../protocol/contract.ts";
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

const patienceMs = 60_000;

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
    const echoes: (() => void)[] = [];
    const connect = (url: string): Promise<ClientConnection> => {
      if (!order.keepsKeys) forgetScramKeys();
      const signal = AbortSignal.timeout(patienceMs);
      const { options } = order;
      return client.connect({
        url,
        options,
        limits: defaultLimits,
        user: 0,
        signal,
        onMessage: () => echoes.shift()?.(),
      });
    };
    const url = urlOf(order);
    const times = new LatencyHistogram();
    let clientCpuUs = 0;
    try {
      for (let count = 0; count < order.logins; count++) {
        const [startNs, start] = [nowNs(), process.cpuUsage()];
        const connection = await connect(url);
        times.record(nowNs() - startNs);
        const { user, system } = process.cpuUsage(start);
        clientCpuUs += user + system;
        await connection.close();
      }
    } catch (error) {
      if (times.count > 0) throw error;
      return { refused: reasonIn(error), login: "", clientCpuUs: 0 };
    }
    const report = { login: times.encode(), clientCpuUs };
    const overheard = await overhear(url, async (tapped) => {
      const connection = await connect(tapped);
      for (let count = 0; count < order.extraMessages; count++) {
        const { promise, resolve } = Promise.withResolvers<void>();
        echoes.push(resolve);
        connection.send("once more");
        await promise;
      }
      return connection;
    });
    return { ...report, ...(overheard && { overheard }) };
  },
};

/** Without the address it begins with. */
const reasonIn = (error: unknown): string => masked(describeError(error)).replace(/^cannot connect to \S+: /, "");

/** Only where the tap has the server's own address, on which its domain and its certificate may depend. */
async function overhear(
  url: string,
  connect: (tapped: string) => Promise<ClientConnection>,
): Promise<LoginReport["overheard"]> {
  const address = addressOf(url);
  if (address.host !== "127.0.0.1") return undefined;
  let iterations: number | undefined;
  const listen = (bytes: Buffer): Buffer => {
    iterations ??= iterationsIn(bytes.toString("latin1"));
    return bytes;
  };
  await using tap = await Wiretap.on(address, listen);
  const connection = await connect(through(url, tap.port));
  const heard = tap.take();
  await connection.close();
  return { ...heard, ...(iterations !== undefined && { scramIterations: iterations }) };
}

/** What a challenge asks for (RFC 5802 section 5.1), where it is not encrypted. */
function iterationsIn(text: string): number | undefined {
  const data = /<challenge\b[^>]*>([\w+/=]+)<\/challenge>/.exec(text)?.[1] ?? "";
  const count = /,i=(\d+)/.exec(Buffer.from(data, "base64").toString())?.[1];
  return count === undefined ? undefined : Number(count);
}
