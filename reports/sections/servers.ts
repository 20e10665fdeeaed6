import { blocks, codeBlock, escapeText } from "../text/markdown.ts";
import type { ReportView } from "../view/view.ts";
import { type Section, textSection } from "./section.ts";

/** What decides how a real server does, beside its code: whoever doubts a number looks here first. */
export function serversSection(view: ReportView): Section | undefined {
  const { servers = [], environment } = view.results;
  if (servers.length === 0) return undefined;
  return textSection(
    blocks(
      "## How the servers were set up",
      "The configuration of each real server, and of each proxy before one, as it was started for this run. Words in capitals stand for what differs from start to start. A limit of rate, an archive or an acknowledgement for each message would be measured in place of the protocol.",
      ...servers.map(({ name, configuration }) =>
        blocks(
          `### ${escapeText([name, environment.components[name]].filter(Boolean).join(" "))}`,
          codeBlock("", configuration),
        ),
      ),
    ),
  );
}
