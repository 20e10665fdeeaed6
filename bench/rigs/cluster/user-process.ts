import type { UserGroupApi } from "../../../load/channel/user-group-api.ts";
import { RemoteProcess } from "../processes/remote.ts";
import type { RemoteUserGroupApi } from "../processes/user-group.ts";

const answerWaitMs = 30_000;
/** Beyond the traffic itself. */
const sendingWaitMs = 15_000;

/** A process of users as the driver holds it. */
export class UserProcess extends RemoteProcess<RemoteUserGroupApi> {
  readonly group: UserGroupApi = {
    open: (order) => this.call("open", order, answerWaitMs),
    add: (order) => this.call("add", order, answerWaitMs),
    publish: (order) => this.call("publish", order, order.durationMs + sendingWaitMs),
    chain: (order) => this.call("chain", order, order.durationMs + sendingWaitMs),
    halt: () => this.call("halt", undefined, answerWaitMs),
    events: () => this.call("events", undefined, answerWaitMs),
    step: (order) => this.call("step", order, order.timeoutMs + answerWaitMs),
    leave: () => this.call("leave", undefined, answerWaitMs),
    comeBack: (order) => this.call("comeBack", order, order.timeoutMs + answerWaitMs),
    wireBytes: () => this.call("wireBytes", undefined, answerWaitMs),
    close: () => this.call("close", undefined, answerWaitMs),
  };

  constructor(name: string) {
    super(name, "user-group");
  }
}
