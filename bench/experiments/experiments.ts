import { WirebenchError } from "../../protocol/errors.ts";
import { broadcast } from "./broadcast.ts";
import { brokerKill } from "./broker-kill.ts";
import type { Experiment } from "./contract/experiment.ts";
import { cost } from "./cost.ts";
import { fanOut } from "./fan-out.ts";
import { nodeFreeze } from "./node-freeze.ts";
import { nodeKill } from "./node-kill.ts";
import { proxyReload } from "./proxy-reload.ts";
import { reconnectStorm } from "./reconnect-storm.ts";
import { scaling } from "./scaling.ts";
import { scalingOut } from "./scaling-out.ts";
import { slowConsumer } from "./slow-consumer.ts";
import { slowNode } from "./slow-node.ts";
import { stateAfterKill } from "./state-after-kill.ts";
import { stickiness } from "./stickiness.ts";
import { takingOut } from "./taking-out.ts";

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
