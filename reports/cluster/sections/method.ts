import { plural } from "../../../results/quantities/format.ts";
import { blocks, bullets, codeBlock, oneLine } from "../../text/markdown.ts";
import type { ClusterView } from "../../view/cluster-view.ts";
import { meaningsOf } from "./measurements.ts";
import { type Section, textSection } from "./section.ts";

/** How the numbers came about, and what they do not say. */
export function clusterMethodSection({ results, trials, experiments }: ClusterView): Section {
  const meanings = meaningsOf(experiments);
  return textSection(
    blocks(
      "## Method and limits",
      bullets([
        `**One host.** Users, load balancer, nodes and brokers talk over loopback and share ${plural(results.environment.cores, "core")}. There is no distance, no packet loss and no second machine that could fail by itself. Absolute numbers are this machine's; ratios, completeness and clocks are what to look at, and of the clocks those that a timer or a schedule sets, not those that a busy core stretches.`,
        "**Real programs.** Load balancer and brokers are the programs their names say, started privately for the run with the versions above; only the nodes and the users are wirebench's own. `no broker` and the in-memory broker are the two ends of the scale: nothing between the nodes, and as little as can be.",
        "**Everything is counted.** Every message has a publisher and a number, and every user keeps a ledger of what it received. Missing, duplicated and reordered deliveries are exact counts, not estimates. After the last message the users wait until everything arrived or nothing has come for a while.",
        "**Declared or silent.** A missing delivery is declared when the publisher was told that the message may not arrive, or the recipient that there is a gap; otherwise it is silent. A message that came due while its publisher had no connection is unsent: nothing was promised, so nothing is missing.",
        "**Clocks** start at the fault and are read by the users on the one monotonic clock of this host: *noticed* is when the first user knew its connection was gone, *back* is when a user was welcome again, *first delivery* is when a user who had come back got a new message.",
        "**Delays** are counted from the schedule in an open loop, so that what waits in front of a stalled cluster is not left out; in a closed loop from the sending. *Last recipient* is when the whole room knows.",
        `**Predictions** are fixed in the program before anything runs, each with where its number comes from. ${repeats(trials)}`,
        "**Sequences of events and connections per node** are those of the first trial: an average of courses of events is none.",
      ]),
      meanings === "" ? undefined : blocks("### What the columns mean", meanings),
      "Everything here can be rendered again from `results.json`, raw histograms included. To reproduce the run:",
      codeBlock("sh", oneLine(results.command)),
    ),
  );
}

const repeats = (trials: number): string =>
  trials <= 1
    ? "With one trial, a number is what was seen once."
    : `With ${plural(trials, "trial")}, brackets hold the lowest and the highest, and a prediction that failed in one of them did not hold. So few trials carry no confidence interval, so none is claimed; only the fit of the scaling law has one.`;
