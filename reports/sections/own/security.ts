import type { ProbeOutcome } from "../../../results/contract/finding.ts";
import { type ProbeName, probes } from "../../../results/recording/findings.ts";
import { blocks, bullets, escapeText } from "../../text/markdown.ts";
import { left, renderMarkdownTable } from "../../text/table.ts";
import {
  askedProbes,
  builtInWords,
  givenInWords,
  type Probed,
  probedIn,
  securityExperiment,
} from "../../view/findings.ts";
import { capitalised } from "../section.ts";
import type { OwnSection } from "./own-section.ts";

const words: Record<ProbeOutcome, string> = {
  "refused-by-protocol": "refused by the protocol",
  "refused-by-server": "refused by this server",
  accepted: "**accepted**",
  "not-applicable": "–",
  "left-out": "not tried",
};

/** Which probe each target refuses by itself, with its real answers. */
export const securitySection: OwnSection = {
  experiments: [securityExperiment],
  replaces: true,
  write(_view, experiment) {
    const probed = probedIn(experiment);
    if (probed.length === 0) return undefined;
    const asked = askedProbes(probed);
    const matrix = renderMarkdownTable({
      columns: [left("Probe"), ...probed.map(({ view }) => left(escapeText(view.name)))],
      rows: asked.map((probe) => [
        capitalised(probes[probe].title),
        ...probed.map(({ findings }) => words[findings.get(probe)?.outcome ?? "left-out"]),
      ]),
    });
    const markdown = blocks(
      "The same probes against every target, from outside: on a socket of their own, or with the protocol's own client. What is **accepted** an application must build; a refusal by the protocol is in its specification, one by this server is a setting of it.",
      matrix,
      bullets([builtInWords, givenInWords].flatMap((inWords) => inWords(probed, boldName))),
      "Only what stands in the table was tried. TLS keeps others from reading and proves the server's name; it does not say who the user is. End-to-end encryption (OMEMO, XEP-0384) is between clients, whatever carries it, and was not measured.",
      "#### What was tried, and what was answered",
      ...asked.map((probe) =>
        blocks(`**${capitalised(probes[probe].title)}**: ${probes[probe].tried}.`, answersOf(probe, probed)),
      ),
    );
    return { markdown, charts: [] };
  },
};

const boldName = ({ view }: Probed): string => `**${escapeText(view.name)}**`;

/** One line for targets that answered alike. */
function answersOf(probe: ProbeName, probed: readonly Probed[]): string {
  const alike = Map.groupBy(probed, ({ findings }) => {
    const { outcome = "left-out", evidence = "" } = findings.get(probe) ?? {};
    return `${words[outcome].replace("–", "not applicable")}: ${escapeText(evidence)}`;
  });
  return bullets(
    [...alike].map(([answer, own]) => `${own.map(({ view }) => escapeText(view.name)).join(", ")}: ${answer}.`),
  );
}
