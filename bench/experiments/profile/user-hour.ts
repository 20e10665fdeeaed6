/** From what windows used to what a user of an application costs: linear, and nothing else. */
import type { Direction, Profile } from "../../../results/contract/profile.ts";

/** Of connections on which nothing is sent, per second. */
export interface Standing {
  /** Of one connection. */
  readonly wireBytes: number;
  /** Of one connection, above what the server uses without any. Undefined where its processes cannot be seen. */
  readonly cpuUs: number | undefined;
  /** Of the server, all connections together. */
  readonly serverCpuUs: number | undefined;
}

/** What the server used within so long, before anybody was there and with so many connections at rest; 0 where noise would make it less. */
export function standingOf(
  {
    empty,
    atRest,
  }: Readonly<Record<"empty" | "atRest", { readonly cpuUs: number | undefined; readonly wireBytes: number }>>,
  connections: number,
  durationMs: number,
): Standing {
  const seconds = durationMs / 1000;
  const above =
    atRest.cpuUs === undefined || empty.cpuUs === undefined ? undefined : Math.max(0, atRest.cpuUs - empty.cpuUs);
  return {
    wireBytes: atRest.wireBytes / connections / seconds,
    cpuUs: above === undefined ? undefined : above / connections / seconds,
    serverCpuUs: atRest.cpuUs === undefined ? undefined : atRest.cpuUs / seconds,
  };
}

/** Of one window in which one direction was busy. */
export interface Carried {
  readonly connections: number;
  /** From before the window was ordered until it was collected: as long as bytes are counted. */
  readonly countedMs: number;
  /** Sent within `countedMs`, what closes each sequence included. */
  readonly countedMessages: number;
  readonly wireBytes: number;
  readonly durationMs: number;
  /** Within `durationMs`. */
  readonly messages: number;
  readonly cpuUs: number | undefined;
}

export interface UserCosts {
  readonly wireBytesPerUserHour: number;
  readonly standingBytesPerUserHour: number;
  readonly cpuUsPerUserSecond: number | undefined;
}

/** What one message adds to a connection that is there anyway; 0 where noise would make it less. */
export function messageCosts(carried: Carried, standing: Standing): { bytes: number; cpuUs: number | undefined } {
  const { connections, countedMs, countedMessages, wireBytes, durationMs, messages, cpuUs } = carried;
  const over = (total: number, idle: number, count: number): number =>
    count === 0 ? 0 : Math.max(0, total - idle) / count;
  return {
    bytes: over(wireBytes, (standing.wireBytes * connections * countedMs) / 1000, countedMessages),
    cpuUs:
      cpuUs === undefined || standing.serverCpuUs === undefined
        ? undefined
        : over(cpuUs, (standing.serverCpuUs * durationMs) / 1000, messages),
  };
}

/** `connectBytes` are spread over a session; the rates of the profile are those of an active user. */
export function userCosts(
  { up, down, idleShare, sessionMs }: Pick<Profile, "up" | "down" | "idleShare" | "sessionMs">,
  standing: Standing,
  connectBytes: number,
  messages: Readonly<Partial<Record<Direction, ReturnType<typeof messageCosts>>>>,
): UserCosts {
  const rates = { up: up?.perUserSecond ?? 0, down: down?.perUserSecond ?? 0 };
  const perActiveSecond = (cost: (direction: Direction) => number): number =>
    (1 - idleShare) * (rates.up * cost("up") + rates.down * cost("down"));
  const standingBytesPerUserHour = 3600 * standing.wireBytes + connectBytes * (3_600_000 / sessionMs);
  const isSeen = Object.values(messages).every(({ cpuUs }) => cpuUs !== undefined) && standing.cpuUs !== undefined;
  return {
    standingBytesPerUserHour,
    wireBytesPerUserHour: standingBytesPerUserHour + 3600 * perActiveSecond((way) => messages[way]?.bytes ?? 0),
    cpuUsPerUserSecond: isSeen ? standing.cpuUs! + perActiveSecond((way) => messages[way]?.cpuUs ?? 0) : undefined,
  };
}
