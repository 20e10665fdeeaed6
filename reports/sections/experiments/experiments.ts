/** The experiments, under what they are about. */
import { blocks, escapeText } from "../../text/markdown.ts";
import type { OwnSection } from "../own/own-section.ts";
import { capitalised, joinSections, type SectionWriter, textSection } from "../section.ts";
import { experimentSection } from "./experiment.ts";
import { meaningsOf } from "./measurements.ts";

interface GroupText {
  readonly title: string;
  readonly intro?: string;
}

/** Of groups worth more than their name. */
const texts: ReadonlyMap<string, GroupText> = new Map<string, GroupText>([
  ["latency", { title: "Latency: how long does a message take?" }],
  ["throughput", { title: "Throughput: how much goes through?" }],
  ["security", { title: "Security: who may do what, and what is that worth?" }],
  ["cost", { title: "Cost: what does it take to be there?" }],
  [
    "state",
    {
      title: "State: does anybody remember the user?",
      intro:
        "A WebSocket stays with the node that accepted it, and so does what that node remembers. When the user comes back, or every request is a connection of its own, the load balancer chooses anew.",
    },
  ],
  [
    "broadcast",
    {
      title: "Broadcast: who hears a message?",
      intro:
        "A node can send only to the users connected to it; a broker hands each message to the other nodes. A delivery is one message at one user; every subscriber, the sender included, is owed each message exactly once.",
    },
  ],
  [
    "failure",
    {
      title: "Failure: what is lost, who is told, how long does it take?",
      intro:
        "A loss is **declared** when somebody was told: the publisher that its message may not arrive, or the recipient that there is a gap. It is **silent** when nobody was, and then no program can repair it. Clocks start at the fault.",
    },
  ],
  [
    "scaling",
    {
      title: "Scaling: what does another node bring?",
      intro:
        "Every node gets every message: more nodes share the users, not the messages. All processes share this machine's cores, so throughput ends where the cores do; read the shape of the curve, not its height.",
    },
  ],
]);

/** Every experiment, group by group; each with its own section where there is one. */
export const experimentsSection =
  (own: readonly OwnSection[]): SectionWriter =>
  (view) => {
    const written = view.experiments.map((experiment) => {
      const hook = own.find(({ experiments }) => experiments.includes(experiment.info.name));
      const section = hook?.write(view, experiment);
      return { experiment, section, replaces: section !== undefined && hook?.replaces === true };
    });
    const meanings = meaningsOf(written.flatMap(({ experiment, replaces }) => (replaces ? [] : experiment)));
    const files = new Set(written.flatMap(({ section }) => (section?.charts ?? []).map(({ file }) => file)));
    const groups = Map.groupBy(written, ({ experiment }) => experiment.info.group);
    return joinSections([
      ...[...groups].flatMap(([name, members]) => {
        const { title, intro }: GroupText = texts.get(name) ?? { title: escapeText(capitalised(name)) };
        return [
          textSection(blocks(`## ${title}`, intro)),
          ...members.map(({ experiment, ...its }) => experimentSection(view, experiment, its, files)),
        ];
      }),
      ...(meanings === "" ? [] : [textSection(blocks("## What the columns mean", meanings))]),
    ]);
  };
