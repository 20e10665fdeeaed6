/** What was found of the ways through a proxy: of that which is shipped, and of the settings that it takes. */
import type { Finding } from "../contract/finding.ts";
import type { Trial } from "../contract/results.ts";

/** In report order, each with the question it answers. */
export const wayProbes = {
  "shipped-message": "a message as shipped",
  "shipped-event": "an event at once as shipped",
  "shipped-silence": "silence as shipped, once it carries",
  heartbeats: "heartbeats in place of time-outs",
  "usual-heartbeat": "the protocol's usual heartbeat as shipped",
  "configured-message": "a message as documented",
  "configured-event": "an event at once as documented",
  "configured-silence": "silence as documented",
  "compressed-event": "an event at once, compressed by the proxy",
  "repeated-post": "a POST whose server fails",
  "extended-connect": "a WebSocket on a stream of HTTP/2",
} as const;

export type WayProbe = keyof typeof wayProbes;
const names = Object.keys(wayProbes) as readonly WayProbe[];

const settingPrefix = "setting: ";

/** Of a setting that is needed. */
export const settingFinding = (name: string, evidence: string): Finding => ({
  probe: `${settingPrefix}${name}`,
  outcome: "needed",
  evidence,
});

export interface WayFindings {
  readonly found: ReadonlyMap<WayProbe, Finding>;
  /** Settings that it takes, each with what becomes of it without. */
  readonly settings: readonly { readonly name: string; readonly without: string }[];
}

/** Of a trial that has them; those of another version that nobody knows any more are left out. */
export function wayFindingsOf({ findings = [] }: Pick<Trial, "findings">): WayFindings {
  return {
    found: new Map(
      names.flatMap((name) => {
        const own = findings.find(({ probe }) => probe === name);
        return own === undefined ? [] : [[name, own] as const];
      }),
    ),
    settings: findings.flatMap(({ probe, evidence }) =>
      probe.startsWith(settingPrefix) ? [{ name: probe.slice(settingPrefix.length), without: evidence }] : [],
    ),
  };
}
