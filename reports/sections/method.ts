import type { Cell } from "../../results/contract/results.ts";
import { formatList, formatQuantity, plural } from "../../results/quantities/format.ts";
import { compressionOf, tlsHandshakesOf, tlsOf, wasObserved } from "../../results/recording/observed.ts";
import { trialsForIntervalMin } from "../../results/statistics/intervals.ts";
import { blocks, bullets, escapeText } from "../text/markdown.ts";
import type { ReportView } from "../view/view.ts";
import { type Section, textSection } from "./section.ts";

/** How the numbers came about, and what they do not say. */
export function methodSection(view: ReportView): Section {
  const { results, trials } = view;
  const { cores } = results.environment;
  return textSection(
    blocks(
      "## Method and limits",
      bullets([
        `**One host.** Virtual users, one connection each, and servers${hasCluster(view) ? ", load balancer and brokers included," : ""} talk over loopback and share ${plural(cores, "core")}, caches and kernel. A real network adds its round-trip time to every exchange, loses packets, and has machines that fail. Absolute numbers are this machine's; look at ratios, at what arrived, and at clocks that a timer or a schedule sets.`,
        ...[results.cells.find(({ parameters }) => parameters.link !== undefined)?.parameters.link]
          .filter((link) => link !== undefined)
          .map(({ by }) => (by === undefined ? emulatedLink : kernelLink)),
        ...(hasCluster(view) ? clusterMethod : []),
        ...(view.rows.length > 0 ? [implementationsOf(view), ...transport(view)] : []),
        `**The trial is the unit.** ${intervals(trials)} A median has one value per trial; P90 and beyond are percentiles of all messages of all trials together. Nothing is averaged across percentiles.`,
        ...(results.comparisons.length === 0 || trials < trialsForIntervalMin ? [] : [verdicts]),
        ...(view.predictions.length === 0 ? [] : [predictions(trials)]),
        "**A percentile is printed only if the messages carry it**: at least 5.7 of them lie beyond it, which is what a 95 % interval of a quantile takes.",
        "**Nothing is trimmed, everything is counted.** Every message has a sender and a number, so what is missing, duplicated or out of order is an exact count. What is still on the way when the drain is over is censored.",
        "**Delays** are counted from the schedule in an open loop, so that what waits in front of a stalled server is not left out; in a closed loop from the sending.",
        ...(view.rows.length > 0 ? trafficMethod(view) : []),
      ]),
      "Everything here can be rendered again from `results.json`, which has every number and every raw histogram.",
    ),
  );
}

const hasCluster = ({ results: { cells } }: ReportView): boolean =>
  cells.some(({ parameters }) => parameters.nodes !== undefined);

const emulatedLink =
  "**The link is emulated** by a relay between users and server, a process of its own above TCP: it delays, spreads, paces and holds up bytes, and what it really imposed is in the histograms `linkUp` and `linkDown` of each trial. A new connection takes a round trip before its first byte leaves. Lost segments appear as the stalls that TCP makes of them; no packet is lost, and congestion control never slows down.";

const kernelLink =
  "**The link is emulated by the kernel** (tc-netem(8)) on the loopback of a network namespace, in packets of 1,500 B: it delays each of them, and loses them where losses are asked for, so that retransmissions, congestion control and handshakes are those of this kernel's TCP.";

/** Of servers of others no more is known than their configuration. */
function implementationsOf({ rows }: ReportView): string {
  const others = rows.filter(({ info: { system } }) => system.kind === "program" || system.kind === "external");
  const all = "**Implementations are measured, not protocols in the abstract**";
  const libraries = "each single-threaded, with the libraries listed above";
  const foreign = `${formatList(others.map(({ name }) => escapeText(name)))}: in the language, and with the threads, that their authors chose; they send back what comes to them, and no behaviour of wirebench runs in them`;
  if (others.length === rows.length) return `${all}: Node.js clients, ${libraries}, with \`TCP_NODELAY\`. ${foreign}.`;
  const own = `${all}: Node.js servers and clients, ${libraries}. ${others.length === 0 ? "All run" : "Our servers run"} the same behaviour behind the wire, with \`TCP_NODELAY\`.`;
  return others.length === 0 ? own : `${own} Not so ${foreign}.`;
}

/** Name of the option that asks for compression. */
const compressionOption = "deflate";

/** What was in fact spoken through, as the sockets told. */
function transport({ rows, results }: ReportView): string[] {
  if (!wasObserved(results.cells)) return [];
  const said = (what: string, used: (cells: Iterable<Cell>) => string[], among = rows): string[] => {
    const found = among.flatMap((row) => {
      const names = used(row.cells.values());
      return names.length === 0 ? [] : [{ target: `**${escapeText(row.name)}**`, use: formatList(names) }];
    });
    return [...Map.groupBy(found, ({ use }) => use)].map(
      ([use, own]) =>
        `${formatList(own.map(({ target }) => target))} ${own.length === 1 ? "is" : "are"} ${what} ${escapeText(use)}`,
    );
  };
  const tls = said("spoken through TLS, whose records are in the wire bytes:", (cells) => {
    const own = [...cells];
    const ciphers = tlsOf(own);
    return ciphers.length === 0 ? [] : [[...ciphers, ...resumption(own)].join(", ")];
  });
  const [asked, unasked] = [true, false].map((isAsked) =>
    rows.filter(({ info }) => (info.options[compressionOption] !== undefined) === isAsked),
  );
  const compressed = said("compressed, as it is asked for:", compressionOf, asked);
  const strays = said("compressed by the server although no client asks for it:", compressionOf, unasked);
  const others = (sentences: readonly string[]): string => (sentences.length === 0 ? "Nothing" : "Nothing else");
  const sentences = [
    "**TLS and compression** are as the connections showed.",
    ...tls.map((sentence) => `${sentence}.`),
    `${others(tls)} is encrypted.`,
    ...compressed.map(
      (sentence) =>
        `${sentence}, with what was sent before as the dictionary (zlib's level 6). All messages of a run have the same filler, so little more than their headers crosses: its bytes are the least compression can come to, not what your payload would take.`,
    ),
    ...strays.map((sentence) => `${sentence}. Its bytes and CPU time are not comparable.`),
    `${others([...compressed, ...strays])} is compressed.`,
  ];
  return [sentences.join(" ")];
}

/** Whether a connection of a user was the continuation of an earlier one, which saves most of a handshake's work. */
function resumption(cells: readonly Cell[]): string[] {
  const handshakes = tlsHandshakesOf(cells);
  if (handshakes === undefined) return [];
  const { full, resumed } = handshakes;
  if (resumed === 0) return ["no session resumed"];
  return [`${formatQuantity(resumed / (full + resumed), "share")} of the sessions resumed`];
}

const trafficMethod = (view: ReportView): string[] => [
  "**Wire bytes** are counted at the clients' sockets, above TCP: its headers, those of IP and acknowledgements are not in them.",
  `**Pacing**: a process that follows a schedule sleeps and is woken as early as waking takes. It wakes at most once per pacing period (${pacingPeriods(view)}\`pacingPeriodUs\`: 1 ms over the number of cores); messages due closer together than that leave together, late by up to a period, which is in the dispatch delay. In duplex windows both processes tick by the same schedule whether or not they send, so that a direction is not slower alone only because its receiver slept; with both busy, each message meets one that comes the other way.`,
  "**Connect times** are taken one connection after the other, after a few that are not timed, in fresh processes: most of it is code that has run only a few times.",
];

/** Those of this run, ready to be followed by the name; none where nothing was paced. */
function pacingPeriods({ results: { cells } }: ReportView): string {
  const trials = cells.flatMap((cell) => (cell.state === "measured" ? cell.trials : []));
  const periods = new Set(
    trials.flatMap(({ windows }) => windows.flatMap(({ measures }) => measures.pacingPeriodUs ?? [])),
  );
  return periods.size === 0 ? "" : `${formatList([...periods].map((us) => formatQuantity(us, "us")))} in this run; `;
}

const clusterMethod = [
  "**Real programs.** Load balancer and brokers are the programs their names say, started privately for the run; only the nodes and the virtual users are wirebench's own.",
  "**Sequences of events and connections per node** are those of the first trial: an average of courses of events is none.",
];

function intervals(trials: number): string {
  if (trials <= 1) return "One trial has no interval, so none is printed: a number is what was seen once.";
  const counts =
    "Counts, shares, and metrics that were 0 in a trial, have the lowest and the highest trial in brackets instead.";
  if (trials < trialsForIntervalMin) {
    return `Two trials are too few for a confidence interval, so none is printed. ${counts}`;
  }
  return `Brackets are 95 % confidence intervals: Student's t on the logarithms of one value per trial. That of a ratio is taken over one ratio per set, a set being the trials of one number, measured side by side, so that a slow moment of the machine has no part in it. They cover how trials of this run on this machine vary, and nothing else. ${counts}`;
}

const predictions = (trials: number): string =>
  `**Predictions** are fixed in the program before anything runs, each with where its number comes from.${trials > 1 ? " One that failed in a single trial did not hold." : ""}`;

const verdicts =
  "**A verdict is what the interval of a ratio says**, each pair by its own trials. Faster or slower: all of it lies beyond 1.05×. Equal: it lies within 1.25×, and how far it reaches is said. Cannot tell: neither; what it leaves out is sure all the same. Each comparison stands for itself: of those of equal targets, at most 5 in 100 say faster or slower, about 1 where sets differ by 10 %.";
