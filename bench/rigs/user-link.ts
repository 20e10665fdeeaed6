/** The emulated link between the users of a rig and its system: a relay in a process of its own. */
import { addressOf } from "../../protocol/address.ts";
import type { LinkConditions } from "../../results/contract/link.ts";
import type { Flag } from "../../results/contract/results.ts";
import { decodeHistogram } from "../../results/statistics/histogram.ts";
import { linkLateCode } from "../../results/validity/disturbances.ts";
import { freePort } from "../../servers/programs/free-ports.ts";
import type { Impairments, RelayReading, RelayTarget } from "../relay/relay.ts";
import { through } from "../relay/way.ts";
import { CpuMeter } from "./proc/cpu-meter.ts";
import type { RelayProcessApi } from "./processes/relay.ts";
import { RemoteProcess } from "./processes/remote.ts";

/** The first answer comes after the process has started, on a machine that is busy with others. */
const answerWaitMs = 60_000;
const name = "users";
/** Linux's least retransmission time-out beyond the round trip (TCP_RTO_MIN). */
const timeoutMsMin = 200;
/** Later than that, for one piece in a hundred, is no longer what was asked for. */
const lateShareOfRtt = 0.05;
const lateMsMin = 2;
/** A relay that is busier holds up what it should let through. */
const busyShareMax = 0.7;

/** What the relay is told. */
export function impairmentsOf({
  rttMs,
  jitterMs,
  downBitsPerSecond,
  upBitsPerSecond,
  lines,
  lossShare,
}: LinkConditions): Impairments {
  const both = {
    delayMs: rttMs / 2,
    ...(jitterMs !== undefined && { jitterMs }),
    ...(lossShare !== undefined && { lossShare, fastRetransmitMs: rttMs, timeoutMs: rttMs + timeoutMsMin }),
  };
  const line = (bits: number | undefined) =>
    bits === undefined ? {} : { bytesPerSecond: bits / 8, ...(lines && { isLineOwn: true }) };
  return {
    up: { ...both, ...line(upBitsPerSecond) },
    down: { ...both, ...line(downBitsPerSecond) },
    connectMs: rttMs,
  };
}

export class UserLink implements AsyncDisposable {
  readonly #conditions: LinkConditions;
  readonly #process = new RemoteProcess<RelayProcessApi>("link", "relay");
  #url = "";
  /** Of a core, in the busiest window. */
  #busyShare = 0;

  /** Starts the relay, which leads nowhere yet; `died` hears of its end. */
  constructor(conditions: LinkConditions, died: (sentence: string) => void) {
    this.#conditions = conditions;
    void this.#process.exited.then(died);
  }

  /** Resolves when the relay leads to where this URL does, from a port of its own or from where others look for it. */
  async leadTo(url: string, from?: RelayTarget): Promise<void> {
    // One that nobody else is given while it refuses.
    const port = from?.port ?? (await freePort());
    const place = { port, ...(from && { host: from.host }) };
    await this.#process.call("open", { name, target: addressOf(url), ...place }, answerWaitMs);
    await this.#process.call("impose", { name, ...impairmentsOf(this.#conditions) }, answerWaitMs);
    this.#url = through(url, port);
  }

  /** What users connect to in place of the system. */
  get url(): string {
    return this.#url;
  }

  /** Resets every connection and has new ones refused, until it is healed. Each of the three resolves with the instant at which it was done. */
  refuse(): Promise<number> {
    return this.#process.call("refuse", { name }, answerWaitMs);
  }

  /** Lets nothing through and ends nothing, until it is healed or refuses. */
  stall(): Promise<number> {
    return this.#process.call("stall", { name }, answerWaitMs);
  }

  heal(): Promise<number> {
    return this.#process.call("heal", { name }, answerWaitMs);
  }

  /** Watches the relay's own work in a window; nothing waits for it. */
  watch(window: { readonly startNs: number; readonly endNs: number }): void {
    const { pid } = this.#process;
    if (pid === undefined) return;
    const meter = new CpuMeter([pid], window);
    void meter.ended.then(() => {
      const share = ((meter.read()?.cpuUs ?? 0) * 1000) / (window.endNs - window.startNs);
      this.#busyShare = Math.max(this.#busyShare, share);
    });
  }

  /** What it really imposed, as raw histograms by direction, and what that says of the numbers. */
  async record(): Promise<{ histograms: Record<string, string | undefined>; flags: Flag[] }> {
    const { up, down } = await this.#process.call("read", { name }, answerWaitMs);
    return {
      histograms: { linkUp: up.imposed, linkDown: down.imposed },
      flags: linkFlags(this.#conditions, { up, down }, this.#busyShare),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
  }
}

/** `busyShare`: of a core, that the relay used in the busiest window. */
export function linkFlags(
  { rttMs }: LinkConditions,
  { up, down }: Pick<RelayReading, "up" | "down">,
  busyShare: number,
): Flag[] {
  const flag = (code: string, message: string): Flag => ({ code, severity: "warning", cause: "wirebench", message });
  const lateMsMax = Math.max(lateMsMin, lateShareOfRtt * rttMs);
  const lateMs = Math.max(
    0,
    ...[up, down].flatMap(({ late }) =>
      late === undefined ? [] : decodeHistogram(late).getValueAtPercentile(99) / 1e6,
    ),
  );
  return [
    ...(lateMs > lateMsMax
      ? [
          flag(
            linkLateCode,
            `the emulated link handed on 1 of 100 pieces ${lateMs.toFixed(1)} ms later than it was to, so delays are longer than the link`,
          ),
        ]
      : []),
    ...(busyShare > busyShareMax
      ? [
          flag(
            "link-busy",
            `the emulated link was busy ${Math.round(busyShare * 100)} % of a core: it may be the limit, and rates are lower bounds`,
          ),
        ]
      : []),
  ];
}
