/** Where a relay stands between a program and its clients. */
import { addressOf } from "../../protocol/address.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import type { RunningProgram } from "../../servers/programs/running-program.ts";
import type { RelayTarget } from "./relay.ts";

export interface Way {
  readonly target: RelayTarget;
  /** What the relay must listen on; 0: any. */
  readonly port: number;
}

/** The way of client number `index`, from 0. Throws `component-failed` for a program that tells clients only other ports. */
export function wayTo({ name, url, doors }: Pick<RunningProgram, "name" | "url" | "doors">, index: number): Way {
  if (doors === undefined) return { target: addressOf(url), port: 0 };
  const door = doors[index];
  if (door !== undefined) return { target: { host: "127.0.0.1", port: door.behind }, port: door.port };
  throw new WirebenchError(
    "component-failed",
    `${name} tells its clients where to go on, and ${doors.length} of them can be led through a relay`,
  );
}

/** The address of the program by a relay on this host: what is before and behind host and port stays. */
export function through(url: string, port: number): string {
  const there = new URL(url);
  there.hostname = "127.0.0.1";
  there.port = String(port);
  return there.href;
}
