/** A process that is some of the users of a cluster. */
import { OriginCookieJar } from "../../../clients/http/cookie-jar.ts";
import { socketIoClient } from "../../../clients/lean/socketio.ts";
import { UserGroup } from "../../../load/channel/user-group.ts";
import type { UserGroupApi } from "../../../load/channel/user-group-api.ts";
import { WireByteCounter } from "../../../load/metering/wire-bytes.ts";
import { realTimeline, wakeMetronome } from "../../../load/pacing/metronome.ts";
import { loadClient } from "../../targets/protocol-modules.ts";
import { answerCalls } from "./remote.ts";

const wireBytes = new WireByteCounter();

const users = new UserGroup({
  timeline: realTimeline,
  clientOf: ({ protocol, client, framing, resume }) =>
    framing === "socket.io" ? socketIoClient({ recover: resume }) : loadClient(protocol, client),
  newCookieJar: () => new OriginCookieJar(),
});

/** `UserGroupApi` as calls between processes need it. */
export type RemoteUserGroupApi = { [Method in keyof UserGroupApi]: UserGroupApi[Method] };

const api: RemoteUserGroupApi = {
  open: (order) => {
    wakeMetronome();
    return users.open(order);
  },
  add: (order) => users.add(order),
  publish: (order) => users.publish(order),
  chain: (order) => users.chain(order),
  halt: () => users.halt(),
  events: () => users.events(),
  step: (order) => users.step(order),
  leave: () => users.leave(),
  comeBack: (order) => users.comeBack(order),
  wireBytes: async () => wireBytes.read(),
  close: () => users.close(),
};

answerCalls(api);
