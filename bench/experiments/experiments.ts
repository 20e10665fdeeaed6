/** Every experiment, in report order: one line each. */
import { named } from "../../protocol/suggestion.ts";
import { binary } from "./binary.ts";
import { broadcast } from "./broadcast.ts";
import { brokerKill } from "./broker-kill.ts";
import { browser } from "./browser.ts";
import { capacity } from "./capacity.ts";
import { connect } from "./connect.ts";
import type { Experiment } from "./contract/experiment.ts";
import { cost } from "./cost.ts";
import { duplex } from "./duplex.ts";
import { echo } from "./echo.ts";
import { failover } from "./failover.ts";
import { fanOut } from "./fan-out.ts";

import { federation } from "./federation.ts";
import { headOfLine } from "./head-of-line.ts";
import { idle } from "./idle.ts";
import { idleHour } from "./idle-hour.ts";
import { literature } from "./literature.ts";
import { login } from "./login.ts";
import { multiplex } from "./multiplex.ts";
import { nodeFreeze } from "./node-freeze.ts";
import { nodeKill } from "./node-kill.ts";
import { nodePartition } from "./node-partition.ts";
import { policies } from "./policies.ts";
import { presence } from "./presence.ts";
import { profile } from "./profile.ts";
import { proxy } from "./proxy.ts";
import { proxyReload } from "./proxy-reload.ts";
import { push } from "./push.ts";
import { reconnectStorm } from "./reconnect-storm.ts";
import { relay } from "./relay.ts";
import { resume } from "./resume.ts";
import { rollingDeploy } from "./rolling-deploy.ts";
import { room } from "./room.ts";
import { rooms } from "./rooms.ts";
import { scaling } from "./scaling.ts";
import { scalingOut } from "./scaling-out.ts";
import { security } from "./security.ts";
import { serverFanOut } from "./server-fan-out.ts";
import { slowBrokerLink } from "./slow-broker-link.ts";
import { slowConsumer } from "./slow-consumer.ts";
import { slowNode } from "./slow-node.ts";
import { slowNodeBuffer } from "./slow-node-buffer.ts";
import { slowReader } from "./slow-reader.ts";
import { socketIo } from "./socket-io.ts";
import { stateAfterKill } from "./state-after-kill.ts";
import { stickiness } from "./stickiness.ts";
import { takingOut } from "./taking-out.ts";
import { throughput } from "./throughput.ts";
import { twoBalancers } from "./two-balancers.ts";
import { wire } from "./wire.ts";

/** One target beside another: what `wirebench run` measures. */
export const comparisonExperiments: readonly Experiment[] = [
  echo,
  throughput,
  duplex,
  push,
  idle,
  idleHour,
  relay,
  binary,
  room,
  serverFanOut,
  slowReader,
  presence,
  browser,
  security,
  login,
  connect,
  wire,
  resume,
  multiplex,
  headOfLine,
  proxy,
  federation,
  literature,
];

/** Nodes behind a load balancer: what `wirebench cluster` measures. */
export const clusterExperiments: readonly Experiment[] = [
  stickiness,
  policies,
  stateAfterKill,
  takingOut,
  rollingDeploy,
  scalingOut,
  broadcast,
  fanOut,
  rooms,
  slowBrokerLink,
  nodeKill,
  brokerKill,
  failover,
  socketIo,
  nodePartition,
  proxyReload,
  twoBalancers,
  nodeFreeze,
  slowNode,
  slowConsumer,
  slowNodeBuffer,
  reconnectStorm,
  scaling,
  cost,
];

/** All of them. `capacity` searches a rate and `profile` is an application of its own: each has its own command. */
export const experiments: readonly Experiment[] = [...comparisonExperiments, capacity, profile, ...clusterExperiments];

/** By its name, or by another it is known by where none of them has that name. Throws `usage` and lists those it could be. */
export function experimentNamed(name: string, among: readonly Experiment[] = experiments): Experiment {
  const known = among.some((experiment) => experiment.name === name);
  const alias = known ? undefined : among.find(({ aliases }) => aliases?.includes(name));
  if (alias !== undefined) return alias;
  return named("experiment", name, among, (experiment) => experiment.name);
}
