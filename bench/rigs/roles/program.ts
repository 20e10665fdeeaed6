/** Asks a server for echoes as a program does, with the client that users run. */

import { connectAlone } from "../../../load/users/lone-client.ts";
import { exchange } from "../../../load/users/lone-user.ts";
import { nowNs } from "../../../protocol/clock.ts";
import { learnSecrets } from "../../../protocol/secrets.ts";
import { loadClient } from "../../targets/protocol-modules.ts";
import { type AskedFor, type EchoReport, reportOf, scriptOf } from "./page/echoes.ts";
import type { Role } from "./role.ts";

export const program: Role<AskedFor, EchoReport> = {
  name: "program",
  async run(asked) {
    learnSecrets(asked.url);
    const user = await connectAlone(await loadClient(asked.protocol, "library"), asked);
    const script = scriptOf(asked);
    const { echoes, roundTrips } = await exchange(user, nowNs, script);
    await user.close();
    return reportOf(script, echoes, roundTrips);
  },
};
