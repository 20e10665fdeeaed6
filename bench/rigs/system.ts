/** The system under test of one trial: ours, a real program or somebody else's server. Whoever holds it cannot tell. */
import { defaultLimits, type Limits } from "../../protocol/contract.ts";
import type { CodecOptions } from "../../protocol/messages/message.ts";
import { programNamed } from "../../servers/programs/programs.ts";
import type { Target } from "../targets/target.ts";
import { RemoteProcess } from "./processes/remote.ts";
import type { BehaviourOrder, ServerApi } from "./processes/server.ts";
import type { ProgramPool } from "./program-pool.ts";
import { ServerWatch } from "./server-watch.ts";

export interface SystemOrder {
  readonly target: Target;
  /** What our own server does with a message; others only echo. */
  readonly behaviour: BehaviourOrder;
  readonly codec: CodecOptions;
  /** Of our own server; absent: the usual ones. */
  readonly limits?: Limits;
  readonly programs: ProgramPool;
}

export interface RunningSystem {
  /** What users connect to. */
  readonly url: string;
  /** Of a server that speaks TLS with a certificate of its own, as PEM: what the processes of its users must trust. */
  readonly certificate?: string | undefined;
  /** Our own server's process, which takes part in windows and says what it saw; undefined for any other server. */
  readonly server: RemoteProcess<ServerApi> | undefined;
  /** The server's processes as seen from outside. */
  readonly watch: ServerWatch;
}

const startWaitMs = 60_000;

/**
 * Resolves when it listens. What was started is ended by `cleanUp`, whether this resolves or not; `died` hears of a
 * process that ends unasked.
 */
export async function openSystem(
  { target, behaviour, codec, limits = defaultLimits, programs }: SystemOrder,
  cleanUp: AsyncDisposableStack,
  died: (sentence: string) => void,
): Promise<RunningSystem> {
  const { protocol, options, system } = target;
  switch (system.kind) {
    case "embedded": {
      const server = new RemoteProcess<ServerApi>("server", "server");
      cleanUp.defer(() => server.stop());
      void server.exited.then(died);
      const listening = { behaviour, protocol, options, codec, host: "127.0.0.1", port: 0, limits };
      const { url, certificate } = await server.call("listen", listening, startWaitMs);
      return { url, certificate, server, watch: ServerWatch.of(server.pid) };
    }
    case "external":
      return { url: system.url, server: undefined, watch: ServerWatch.at(system.url) };
    case "program": {
      const program = await programs.program(system.program);
      program.onDeath = died;
      cleanUp.defer(() => {
        program.onDeath = undefined;
      });
      const url = programNamed(system.program).serves?.[protocol]?.(program, options) ?? program.url;
      const watch = ServerWatch.of(program.pid, "with its children");
      return { url, certificate: program.certificate, server: undefined, watch };
    }
    case "cluster":
      throw new TypeError("a cluster has a rig of its own");
  }
}
