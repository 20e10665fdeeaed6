/** Whether a target took what it was offered. */
import type { Flag, Parameters } from "../contract/results.ts";
import { cpuWaitShareMax } from "./cpu-contention.ts";
import { countWindows, type FlowDigest, isMost, type WindowDigest } from "./window-digest.ts";

/** Achieved below this share of the offered rate: the target did not keep up, or the generator did not. */
const keptUp = 0.95;
/** Of the median: answers that come in bunches, or over a distance, differ by as much from one half of a window to the other. */
const scatterShare = 0.1;
/** A server that had less than this of one core to do while a backlog grew did not lack the time. */
const idleShareMax = 0.5;

/**
 * A target that cannot take what is offered lets a backlog grow: less arrives than is due, whenever that was sent, and each
 * message waits longer than the one before. Being far away, or losing messages, is neither.
 */
export const keptUpFlags = (windows: readonly WindowDigest[], parameters: Parameters): Flag[] =>
  // By name: a window in which little is asked, taken in turn with it, says nothing for one in which much is.
  [...Map.groupBy(windows, ({ name }) => name).values()].flatMap((own) =>
    flagsOf(own, parameters, own.length < windows.length ? ` (${own[0]!.name})` : ""),
  );

function flagsOf(windows: readonly WindowDigest[], parameters: Parameters, named: string): Flag[] {
  const behind = countWindows(windows, ({ received, offered = 0 }) => received < keptUp * offered);
  const growing = windows.filter(({ flows }) => flows.some((flow) => backlogGrows(flow, parameters)));
  if (isMost(growing.length, windows) && growing.length > 0) {
    const waits = whatItWaitedFor(growing, parameters);
    const message = `in ${growing.length} of ${windows.length} windows${named} less than ${keptUp * 100} % of the offered rate arrived and each message waited longer than the one before: such a latency grows with the duration${waits}`;
    // Who had no core to keep up with is not to blame.
    const cause = growing.every(lackedCore) ? "machine" : "target";
    return [{ code: "offered-rate-not-achieved", severity: "fatal", cause, message }];
  }
  if (behind === 0 || isMost(behind, windows)) return [];
  const message = `in ${behind} of ${windows.length} windows${named} less than ${keptUp * 100} % of the offered rate arrived in time: something delayed it for a while`;
  return [{ code: "stalled-window", severity: "warning", cause: "machine", message }];
}

/** Against what the schedule really offered: Poisson arrivals come in varying numbers. */
function backlogGrows(flow: FlowDigest, { durationMs = 0, slices = 1 }: Parameters): boolean {
  const { received, offered = 0, ledger, growthMs = 0, serviceP50Ns = 0 } = flow;
  if (received >= keptUp * offered) return false;
  if (ledger.censoredMessages > (1 - keptUp) * offered) return true;
  // Between the middles of two halves lies half a slice, in which the wait grows by the share that did not arrive.
  const expectedMs = ((1 - received / offered) * durationMs) / slices / 2;
  return growthMs > Math.max(expectedMs / 2, (scatterShare * serviceP50Ns) / 1e6);
}

/**
 * Where all that is known says that the server had time, and a core whenever it wanted one: that it waited, and what reached its users meanwhile, which is
 * what a limit of its rate would be set to. Many servers slow a connection down silently. Empty where its time is unknown.
 */
function whatItWaitedFor(windows: readonly WindowDigest[], { connections }: Parameters): string {
  const shares = windows.map(({ use, durationMs }) => (use.serverCpuUs ?? Number.NaN) / (durationMs * 1000));
  const busiest = Math.max(...shares);
  if (windows.some(lackedCore) || !(busiest < idleShareMax)) return "";
  const received = windows.reduce((sum, { use }) => sum + (use.wireReceivedBytes ?? 0), 0);
  const durationMs = windows.reduce((sum, window) => sum + window.durationMs, 0);
  const kilobytes = received / durationMs / connections;
  return `; the server used at most ${Math.ceil(busiest * 100)} % of a core meanwhile, so it waited: for a limit of its own on the rate (${Number(kilobytes.toPrecision(2))} kB/s came back on each connection), a disk or the network`;
}

const lackedCore = ({ use: { cpuWaitShare = 0 } }: WindowDigest): boolean => cpuWaitShare > cpuWaitShareMax;
