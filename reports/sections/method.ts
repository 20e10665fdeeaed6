import { blocks, bullets, codeBlock, oneLine } from "../text/markdown.ts";
import { trialsToRankMin } from "../view/ranking.ts";
import type { ReportView } from "../view/view.ts";
import { type Section, textSection } from "./section.ts";

/** How the numbers came about, and what they do not say. */
export function methodSection({ results, trials }: ReportView): Section {
  const { cores } = results.environment;
  return textSection(
    blocks(
      "## Method and limits",
      bullets([
        `**One host.** Client and server talk over loopback and share its ${cores} core${cores === 1 ? "" : "s"}, caches and kernel. There is no network delay, no loss and no other traffic: a real network adds its round-trip time to every exchange a protocol needs, so distances between the rows will differ there.`,
        "**Implementations are measured, not protocols in the abstract**: Node.js servers and clients, each single-threaded, with the libraries listed above. All run the same behaviour behind the wire, with `TCP_NODELAY`, without TLS and without compression.",
        `**The trial is the unit.** ${intervals(trials)} Percentiles come from one trial's histogram, never from averages of percentiles.`,
        ...(trials < trialsToRankMin ? [] : [verdicts]),
        "**A percentile is printed only if the messages carry it**: at least 5.7 of each trial must lie beyond it, n × (1 − p) ≥ 5.7, which leaves room for the upper rank of a 95 % interval of a quantile.",
        "**Nothing is trimmed.** Messages still on the way at the end are waited for, then counted as censored.",
        "**Wire bytes** are counted at the clients' sockets, above TCP: its headers, those of IP and acknowledgements are not in them.",
        "**Pacing**: a process that follows a schedule sleeps, is woken a quarter of a millisecond before each message is due and polls its sockets until then, so it is on time, and its CPU time tells nothing in an open loop. In duplex windows both processes tick by the same schedule whether or not they send, so that a direction is not slower alone only because its receiver slept; with both busy, each message meets one that comes the other way.",
        "**Connect times** are taken one connection after the other, after a few that are not timed, in fresh processes: most of it is code that has run only a few times.",
      ]),
      "Everything here can be rendered again from `results.json`, raw histograms included. To reproduce the run:",
      codeBlock("sh", oneLine(results.command)),
    ),
  );
}

function intervals(trials: number): string {
  if (trials === 1) return "One trial has no interval, so none is printed.";
  if (trials < trialsToRankMin) return "Two trials are too few for an interval, so none is printed.";
  const method =
    trials >= 6
      ? "counts trials from both ends (order statistics), which assumes nothing about how they are spread"
      : "is Student's t on logarithms, since so few trials cannot hold 95 % between them";
  return `Brackets are 95 % confidence intervals. That of a median ${method}; that of a ratio is Welch's t on logarithms. They cover what luck does between the trials of this run on this machine, and nothing else.`;
}

const verdicts =
  "**A difference is told only if three things hold.** The interval of the ratio leaves out 1. The ratio is beyond the noise: fresh processes of one and the same target differ too, and that is measured in this run (`noiseRatio` in `results.json`). And it is clear enough for being one comparison of many: with so many pairs of targets and metrics some would differ by luck, so each must be so clear that in 95 of 100 runs of equal targets none would be (Holm's correction; each target's spread is weighed against what is usual for the metric). Targets whose trials fall into two groups, fast and slow ones, stretch this with 3 trials: then some 90 of 100.";
