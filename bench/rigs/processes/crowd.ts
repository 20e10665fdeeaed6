/** A process that is all the users of a cluster. */
import { OriginCookieJar } from "../../../clients/http/cookie-jar.ts";
import { Crowd } from "../../../load/channel/crowd.ts";
import type { CrowdApi } from "../../../load/channel/crowd-api.ts";
import { WireByteCounter } from "../../../load/metering/wire-bytes.ts";
import { realTimeline, wakeMetronome } from "../../../load/pacing/metronome.ts";
import { protocolNamed } from "../../targets/protocols.ts";
import { answerCalls } from "./remote.ts";

const wireBytes = new WireByteCounter();

const crowd = new Crowd({
  timeline: realTimeline,
  clientNamed: (protocol) => protocolNamed(protocol).client,
  newCookieJar: () => new OriginCookieJar(),
});

/** `CrowdApi` as calls between processes need it. */
export type RemoteCrowdApi = { [Method in keyof CrowdApi]: CrowdApi[Method] };

const api: RemoteCrowdApi = {
  gather: (order) => {
    wakeMetronome();
    return crowd.gather(order);
  },
  publish: (order) => crowd.publish(order),
  chain: (order) => crowd.chain(order),
  halt: () => crowd.halt(),
  settle: (order) => crowd.settle(order),
  untilConnected: (order) => crowd.untilConnected(order),
  ledger: () => crowd.ledger(),
  reset: () => crowd.reset(),
  step: (order) => crowd.step(order),
  rejoin: (order) => crowd.rejoin(order),
  outages: () => crowd.outages(),
  counts: () => crowd.counts(),
  series: (order) => crowd.series(order),
  wireBytes: async () => wireBytes.read(),
  join: (order) => crowd.join(order),
  leave: () => crowd.leave(),
};

answerCalls(api);
