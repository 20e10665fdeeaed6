/** A process of relays, each between one node and its broker, so that nobody who is measured does their work. */
import { WirebenchError } from "../../../protocol/errors.ts";
import { type Impairments, Relay, type RelayReading, type RelayTarget } from "../../relay/relay.ts";
import { answerCalls } from "./remote.ts";

const relays = new Map<string, Relay>();

function named(name: string): Relay {
  const relay = relays.get(name);
  if (relay === undefined) throw new WirebenchError("usage", `there is no relay for ${name}`);
  return relay;
}

interface OpenOrder {
  readonly name: string;
  readonly target: RelayTarget;
  readonly port: number;
  /** Where it listens; absent: at 127.0.0.1. */
  readonly host?: string;
}

const api = {
  /** Listens for whoever has that name; port 0 takes a free one. */
  async open({ name, target, port, host }: OpenOrder): Promise<{ port: number }> {
    const relay = await Relay.to(target, port, host);
    relays.set(name, relay);
    return { port: relay.port };
  },
  impose: async ({ name, ...impairments }: { name: string } & Impairments): Promise<void> =>
    named(name).impose(impairments),
  /** These resolve with the instant at which it was done, of this host's monotonic clock in nanoseconds. */
  cut: async ({ name }: { name: string }): Promise<number> => named(name).cut(),
  refuse: async ({ name }: { name: string }): Promise<number> => named(name).refuse(),
  stall: async ({ name }: { name: string }): Promise<number> => named(name).stall(),
  heal: async ({ name }: { name: string }): Promise<number> => named(name).heal(),
  read: async ({ name }: { name: string }): Promise<RelayReading> => named(name).read(),
};

export type RelayProcessApi = typeof api;

answerCalls(api);
