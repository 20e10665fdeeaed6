/** Knocks where it should not: every probe, one after the other, on the wire of the target. */
import { describeError } from "../../../protocol/errors.ts";
import { learnSecrets } from "../../../protocol/secrets.ts";
import type { Finding } from "../../../results/contract/finding.ts";
import { type ProbeName, probeNames } from "../../../results/recording/findings.ts";
import type { Role } from "./role.ts";
import { byClient } from "./security/by-client.ts";
import { leftOut, type Probe, type ProbedTarget } from "./security/probe.ts";
import { channelProbes } from "./security/stanzas/channel.ts";
import { stanzaProbes } from "./security/stanzas/stanzas.ts";
import { frames } from "./security/wires/frames.ts";
import { requests } from "./security/wires/requests.ts";
import { upgrade } from "./security/wires/upgrade.ts";
import type { WireProbes } from "./security/wires/wire.ts";
import { xmlStream } from "./security/wires/xml-stream.ts";

export interface SecurityOrder extends ProbedTarget {
  /** What is not tried, each with the reason. */
  readonly leftOut: Readonly<Partial<Record<ProbeName, string>>>;
}

const ofStream = { ...stanzaProbes, ...channelProbes };

/** By the scheme of a URL, which says how a connection begins. */
const wires: Readonly<Record<string, WireProbes>> = {
  "tcp:": frames,
  "tcps:": frames,
  "ws:": upgrade,
  "wss:": upgrade,
  "http:": requests,
  "https:": requests,
  "xmpp:": { ...ofStream, ...xmlStream },
  "xmpps:": { ...ofStream, ...xmlStream },
};

/** What a login brings stands before what the wire alone has. */
const probesOf = ({ url, hasLogin }: ProbedTarget): Record<ProbeName, Probe> => ({
  ...byClient,
  ...wires[new URL(url).protocol]!,
  ...(hasLogin && ofStream),
});

export const security: Role<SecurityOrder, readonly Finding[]> = {
  name: "security",
  async run(target) {
    learnSecrets(target.url);
    const probes = probesOf(target);
    const findings: Finding[] = [];
    for (const probe of probeNames) {
      const reason = target.leftOut[probe];
      const verdict = reason === undefined ? await answerTo(probes[probe], target) : leftOut(reason);
      findings.push({ probe, ...verdict });
    }
    return findings;
  },
};

/** What could not be tried says so, and is not taken for an answer. */
async function answerTo(probe: Probe, target: ProbedTarget): ReturnType<Probe> {
  try {
    return await probe(target);
  } catch (error) {
    return leftOut(`it could not be told: ${describeError(error)}`);
  }
}
