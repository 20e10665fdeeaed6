/**
 * `npm run soak -- [--duration 1h] [--broker NAME ...]`: every broker for an hour, all at once, with nobody touching
 * them. Progress goes to standard error, a table to standard output. Exit code 0 if everything came once, in order, and no
 * link changed; 3 if not; 130 after Ctrl-C, with the table of what there was until then.
 */
import { Command } from "commander";
import { describeError, WirebenchError } from "../../protocol/errors.ts";
import { parseCount, parseDurationMs } from "../../protocol/units.ts";
import { left, renderMarkdownTable, right } from "../../reports/text/table.ts";
import { isPlain } from "../../servers/cluster/broker/configurations.ts";
import { brokerNamed, brokers } from "../../servers/cluster/brokers/brokers.ts";
import { argument } from "../commands/argument.ts";
import { exitCodes } from "../commands/exit-codes.ts";
import { interruptSignal } from "../commands/interrupt.ts";
import { isOfOneProgram } from "../conformance/brokers/foreign.ts";
import { leaveAsFound, topicOfCluster } from "../rigs/cluster/left-as-found.ts";
import { ProgramPool } from "../rigs/program-pool.ts";
import { isSound, type SoakCounts, soak } from "./soak.ts";

interface SoakOptions {
  duration: number;
  broker?: string[];
  nodes: number;
  rate: number;
  every: number;
}

type Outcome = { readonly name: string } & ({ readonly counts: SoakCounts } | { readonly notRun: string });

const command = new Command("soak")
  .description("every broker for a long time, with nobody touching them")
  .option("-d, --duration <time>", "how long, e.g. 10m", argument(parseDurationMs), 3_600_000)
  .option(
    "--broker <name>",
    "one broker, in any configuration; may be repeated (default: all that are one process)",
    add,
  )
  .option("--nodes <count>", "nodes of each broker", argument(parseCount), 3)
  .option("-R, --rate <count>", "messages per second of each node", argument(parseCount), 20)
  .option("--every <time>", "between two lines of progress", argument(parseDurationMs), 60_000)
  .action(run);

function add(name: string, chosen: string[] = []): string[] {
  return [...chosen, name];
}

async function run({ duration, broker, nodes, rate, every }: SoakOptions): Promise<void> {
  const chosen = broker?.map(brokerNamed) ?? brokers.filter(isPlain).filter(isOfOneProgram);
  using interrupt = interruptSignal("Stopping. Press Ctrl-C again to end at once.");
  const { signal } = interrupt;
  await using programs = new ProgramPool();
  const bytesAtStart = process.memoryUsage.rss();
  const startMs = performance.now();
  const watched = new Map<string, () => SoakCounts>();
  const progress = setInterval(() => {
    const minutes = ((performance.now() - startMs) / 60_000).toFixed(1);
    const lines = [...watched].map(([name, counts]) => `${minutes} min  ${name.padEnd(24)} ${inShort(counts())}\n`);
    process.stderr.write(lines.join(""));
  }, every);
  const outcomes = await Promise.all(
    chosen.map(async (each): Promise<Outcome> => {
      const { name } = each.traits;
      try {
        const server = await programs.serverOf(name);
        const topic = topicOfCluster();
        try {
          const plan = { broker: each, server, topic, nodes, durationMs: duration, ratePerSecond: rate, signal };
          return { name, counts: await soak(plan, (counts) => watched.set(name, counts)) };
        } finally {
          await leaveAsFound({ topic, broker: { name, server }, state: undefined });
        }
      } catch (error) {
        return { name, notRun: describeError(error) };
      }
    }),
  );
  clearInterval(progress);
  process.stdout.write(`${table(outcomes)}\n`);
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
  const ownBytes = `${megabytes(bytesAtStart)} before, ${megabytes(process.memoryUsage.rss())} after`;
  process.stdout.write(`\nThis process, which is all the nodes: ${ownBytes}.\n`);
  const counted = outcomes.flatMap((outcome) => ("counts" in outcome ? outcome.counts : []));
  if (signal.aborted) process.exitCode = exitCodes.interrupted;
  else if (counted.some((counts) => !isSound(counts))) process.exitCode = exitCodes.conformanceFailed;
  else if (counted.length === 0) process.exitCode = exitCodes.invalidResult;
}

const number = (value: number): string => value.toLocaleString("en");

function inShort({ published, delivered, refused, duplicates, statuses, died }: SoakCounts): string {
  const trouble = [
    ...(refused > 0 ? [`${number(refused)} refused`] : []),
    ...(duplicates > 0 ? [`${number(duplicates)} twice`] : []),
    ...(statuses.length > 0 ? [statuses.slice(-6).join(", ")] : []),
    ...(died === undefined ? [] : [died]),
  ];
  return [`${number(published)} published, ${number(delivered)} delivered`, ...trouble].join("; ");
}

function table(outcomes: readonly Outcome[]): string {
  const bytes = ({ serverBytes }: SoakCounts): string =>
    serverBytes === undefined
      ? "–"
      : `${Math.round(serverBytes.first / 1e6)} → ${Math.round(serverBytes.last / 1e6)} MB`;
  return renderMarkdownTable({
    columns: [
      left("Broker"),
      right("Published"),
      right("Refused"),
      right("Delivered"),
      right("Missing"),
      right("Twice"),
      right("Late"),
      right("Status changes"),
      right("Reconnects"),
      right("Memory of its process"),
      left("Verdict"),
    ],
    rows: outcomes.map((outcome) => {
      if ("notRun" in outcome) return [outcome.name, ...Array(9).fill("–"), `not run: ${outcome.notRun}`];
      const { counts } = outcome;
      const { published, refused, delivered, missing, duplicates, late, statuses, reconnects, died } = counts;
      const numbers = [published, refused, delivered, missing, duplicates, late, statuses.length, reconnects];
      const verdict = isSound(counts) ? "sound" : (died ?? "not sound");
      return [outcome.name, ...numbers.map(number), bytes(counts), verdict];
    }),
  });
}

await command.parseAsync().catch((error: unknown) => {
  process.stderr.write(`soak: ${describeError(error)}\n`);
  const isUsage = error instanceof WirebenchError && error.code === "usage";
  process.exitCode = isUsage ? exitCodes.usage : exitCodes.unexpected;
});
