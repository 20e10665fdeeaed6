/** A cluster that stays up, for exploring by hand. */
import { once } from "node:events";
import { balancerNamed } from "../../../servers/cluster/balancers/balancers.ts";
import { ProgramPool } from "../program-pool.ts";
import type { Setup } from "./cluster-setup.ts";
import { topicOfCluster } from "./left-as-found.ts";
import { openServers } from "./topology.ts";

/** Prints where everything listens and what one can try, and waits for Ctrl-C. Leaves nothing behind. */
export async function keepUp(setup: Setup, signal: AbortSignal): Promise<void> {
  await using cleanUp = new AsyncDisposableStack();
  const programs = cleanUp.use(new ProgramPool());
  const died = (sentence: string): void => {
    if (!signal.aborted) process.stderr.write(`${sentence}\n`);
  };
  const servers = await openServers({ setup, programs, topic: topicOfCluster() }, cleanUp, died);
  const { nodes, proxies, proxyFolder, broker, urls } = servers;
  const { title } = balancerNamed(setup.balancer);
  process.stdout.write(
    [
      `Users connect to   ${urls[0]}  (${setup.protocol}, ${setup.policy})`,
      ...nodes.map(
        ({ name, port, readyPort, pid }) =>
          `${name.padEnd(18)} port ${port}, readiness http://127.0.0.1:${readyPort}/ready, process ${pid}`,
      ),
      `broker             ${broker === undefined ? "none" : `${setup.broker} at ${broker.url}, process ${broker.pid}`}`,
      `${title.padEnd(18)} processes ${proxies[0]!.pids().join(", ")}, configuration and runtime socket in ${proxyFolder}`,
      "",
      'A user says {"type":"hello"} first, then e.g. p0,0,hi (publisher, sequence number, body).',
      "Kill, freeze or drain what you like; Ctrl-C ends it all.",
      "",
    ].join("\n"),
  );
  if (!signal.aborted) await once(signal, "abort");
}
