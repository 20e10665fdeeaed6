/** A process that is all the users of a cluster. */
import { OriginCookieJar } from "../../../clients/http/cookie-jar.ts";
import { ChannelUsers } from "../../../load/channel/channel-users.ts";
import type { ChannelUsersApi } from "../../../load/channel/channel-users-api.ts";
import { WireByteCounter } from "../../../load/metering/wire-bytes.ts";
import { realTimeline, wakeMetronome } from "../../../load/pacing/metronome.ts";
import { protocolNamed } from "../../targets/protocols.ts";
import { answerCalls } from "./remote.ts";

const wireBytes = new WireByteCounter();

const users = new ChannelUsers({
  timeline: realTimeline,
  clientNamed: (protocol) => protocolNamed(protocol).client,
  newCookieJar: () => new OriginCookieJar(),
});

/** `ChannelUsersApi` as calls between processes need it. */
export type RemoteChannelUsersApi = { [Method in keyof ChannelUsersApi]: ChannelUsersApi[Method] };

const api: RemoteChannelUsersApi = {
  connect: (order) => {
    wakeMetronome();
    return users.connect(order);
  },
  publish: (order) => users.publish(order),
  chain: (order) => users.chain(order),
  halt: () => users.halt(),
  drain: (order) => users.drain(order),
  untilConnected: (order) => users.untilConnected(order),
  ledger: () => users.ledger(),
  missing: (order) => users.missing(order),
  reset: () => users.reset(),
  step: (order) => users.step(order),
  rejoin: (order) => users.rejoin(order),
  outages: () => users.outages(),
  counts: () => users.counts(),
  series: (order) => users.series(order),
  wireBytes: async () => wireBytes.read(),
  join: (order) => users.join(order),
  close: () => users.close(),
};

answerCalls(api);
