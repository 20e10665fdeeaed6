/** The experiments, under what they are about. */

import type { ExperimentInfo } from "../../../results/contract/cluster-results.ts";
import { blocks } from "../../text/markdown.ts";
import type { ClusterView, GroupView } from "../../view/cluster-view.ts";
import { experimentSection } from "./experiment.ts";
import { scalingLaw } from "./scaling.ts";
import type { Section } from "./section.ts";

interface GroupText {
  readonly title: string;
  readonly intro: string;
}

const texts: Record<ExperimentInfo["group"], GroupText> = {
  state: {
    title: "State: does anybody remember the user?",
    intro:
      "A WebSocket stays with the node that accepted it, so within a connection state in that node's memory is always there. The question is what happens when the user comes back, or when every request is a connection of its own: without stickiness the load balancer chooses anew, and with N nodes only about one choice in N is right.",
  },
  broadcast: {
    title: "Broadcast: who hears a message?",
    intro:
      "A node can send only to the users connected to it. To reach everybody in a room, the node that got a message must hand it to the others, which is what a broker between them is for. A delivery is one message at one user; everybody in the room, the sender included, is owed each message exactly once.",
  },
  failure: {
    title: "Failure: what is lost, who is told, how long does it take?",
    intro:
      "Something is killed, frozen, slowed or drained on purpose while messages flow. A loss is **declared** when somebody was told: the publisher that its message may not arrive, or the recipient that there is a gap. It is **silent** when nobody was, and then no program can repair it. Clocks start at the fault.",
  },
  scaling: {
    title: "Scaling: what does another node bring?",
    intro:
      "In one room every user hears everything, so every node gets every message, however many nodes there are: more nodes share the users, not the messages. All nodes, the broker, the load balancer and the users share this machine's cores, so throughput ends where the cores do; read the shape of the curve, not its height.",
  },
};

const undescribed: GroupText = {
  title: "Other experiments",
  intro: "These results do not say what the following experiments are about.",
};

export function groupSections(view: ClusterView): Section | undefined {
  const files = new Set<string>(["scaling.svg"]);
  const described = view.groups.map((group) => groupSection(view, group, files));
  const scaled = view.groups.some(({ name }) => name === "scaling") ? undefined : scalingLaw(view);
  const sections = scaled === undefined ? described : [...described, withTitle(texts.scaling, [scaled])];
  if (sections.length === 0) return undefined;
  return {
    markdown: blocks(...sections.map(({ markdown }) => markdown)),
    charts: sections.flatMap(({ charts }) => charts),
  };
}

function groupSection(view: ClusterView, { name, experiments }: GroupView, files: Set<string>): Section {
  const parts = experiments.map((experiment) => experimentSection(view, experiment, files));
  const law = name === "scaling" ? scalingLaw(view) : undefined;
  return withTitle(name === undefined ? undescribed : texts[name], law === undefined ? parts : [...parts, law]);
}

const withTitle = ({ title, intro }: GroupText, parts: readonly Section[]): Section => ({
  markdown: blocks(`## ${title}`, intro, ...parts.map(({ markdown }) => markdown)),
  charts: parts.flatMap(({ charts }) => charts),
});
