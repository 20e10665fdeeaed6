import { WirebenchError } from "../errors.ts";
import type { Experiment } from "./experiment.ts";
import { broadcast } from "./experiments/broadcast.ts";
import { brokerKill } from "./experiments/broker-kill.ts";
import { cost } from "./experiments/cost.ts";
import { fanOut } from "./experiments/fan-out.ts";
import { nodeFreeze } from "./experiments/node-freeze.ts";
import { nodeKill } from "./experiments/node-kill.ts";
import { proxyReload } from "./experiments/proxy-reload.ts";
import { reconnectStorm } from "./experiments/reconnect-storm.ts";
import { scaling } from "./experiments/scaling.ts";
import { scalingOut } from "./experiments/scaling-out.ts";
import { slowConsumer } from "./experiments/slow-consumer.ts";
import { slowNode } from "./experiments/slow-node.ts";
import { stateAfterKill } from "./experiments/state-after-kill.ts";
import { stickiness } from "./experiments/stickiness.ts";
import { takingOut } from "./experiments/taking-out.ts";

/** Every experiment on a cluster, in report order: state, broadcast, failure, scaling. */
export const experiments: readonly Experiment[] = [
  stickiness,
  stateAfterKill,
  takingOut,
  scalingOut,
  broadcast,
  fanOut,
  nodeKill,
  brokerKill,
  proxyReload,
  nodeFreeze,
  slowNode,
  slowConsumer,
  reconnectStorm,
  scaling,
  cost,
];

export const experimentNames: readonly string[] = experiments.map(({ name }) => name);

/** Throws `usage` and lists what exists. */
export function experimentNamed(name: string): Experiment {
  const found = experiments.find((experiment) => experiment.name === name);
  if (found === undefined) {
    const known = experimentNames.join(", ");
    throw new WirebenchError("usage", `unknown experiment "${name}": expected one of ${known}`);
  }
  return found;
}
