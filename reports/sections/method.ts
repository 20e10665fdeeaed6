import { blocks, bullets, codeBlock, oneLine } from "../markdown.ts";
import type { ReportView } from "../view.ts";
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
        `**The trial is the unit.** ${trials === 1 ? "One trial has no range, so none is printed." : "Ranges are the lowest and the highest trial, ratios the widest that two ranges allow. They are not confidence intervals."} Percentiles come from one trial's histogram, never from averages of percentiles.`,
        "**A percentile is printed only if the messages carry it**: at least 5.7 of each trial must lie beyond it, n × (1 − p) ≥ 5.7, which leaves room for the upper rank of a 95 % interval of a quantile.",
        "**Nothing is trimmed.** Messages still on the way at the end are waited for, then counted as censored.",
        "**Wire bytes** are counted at the clients' sockets, above TCP: its headers, those of IP and acknowledgements are not in them.",
        "**Pacing**: a process that follows a schedule sleeps, is woken a quarter of a millisecond before each message is due and polls its sockets until then, so it is on time, and its CPU time tells nothing in an open loop. In duplex windows both processes tick by the same schedule whether or not they send, so that a direction is not slower alone only because its receiver slept; with both busy, each message meets one that comes the other way.",
        "**Connect times** are taken one connection after the other in fresh processes, so the first ones pay for code that has never run.",
      ]),
      "Everything here can be rendered again from `results.json`, raw histograms included. To reproduce the run:",
      codeBlock("sh", oneLine(results.command)),
    ),
  );
}
