/**
 * `npm run fuzz -- [TARGET...] [--count 100000] [--seed N] [--first N]`: says mutated conversations to embedded servers and
 * watches that each is answered or ended as the protocol asks, that nothing of it is left, and that others are served.
 * Progress goes to standard error, what came of it to standard output. Exit code 0 if all of it held; 3 if not, with the
 * bytes that show it and how to send them again; 130 after Ctrl-C.
 */
import { Command } from "commander";
import { describeError } from "../../protocol/errors.ts";
import { parseCount } from "../../protocol/units.ts";
import { left, renderMarkdownTable, right } from "../../reports/text/table.ts";
import { argument } from "../commands/argument.ts";
import { exitCodes } from "../commands/exit-codes.ts";
import { interruptSignal } from "../commands/interrupt.ts";
import { protocolNamed } from "../targets/protocols.ts";
import { type FuzzCounts, fuzz } from "./fuzz.ts";
import { fuzzed, listen } from "./fuzzed.ts";
import { FuzzFailure } from "./plan.ts";

interface FuzzOptions {
  count: number;
  seed: number;
  first: number;
}

const command = new Command("fuzz")
  .description("mutated conversations with embedded servers")
  .argument("[protocol...]", "default: all that it knows to speak")
  .option("--count <count>", "mutations of each", argument(parseCount), 100_000)
  .option("--seed <number>", "what they are made from", argument(parseCount), 1)
  .option("--first <number>", "number of the first mutation", argument(Number), 0)
  .action(run);

async function run(names: string[], { count, seed, first }: FuzzOptions): Promise<void> {
  using interrupt = interruptSignal("Stopping. Press Ctrl-C again to end at once.");
  const { signal } = interrupt;
  const servers = names.length === 0 ? fuzzed : names.map((name) => protocolNamed(name).server);
  const died = (error: unknown): never => {
    process.stderr.write(`fuzz: nobody caught ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(exitCodes.conformanceFailed);
  };
  process.on("uncaughtException", died).on("unhandledRejection", died);
  for (const each of servers) {
    if (signal.aborted) break;
    const { name, title } = each.traits;
    process.stdout.write(`${title}: seed ${seed}, mutations ${first} to ${first + count - 1}\n`);
    const server = await listen(each);
    const startMs = performance.now();
    const progress = (done: number): void => {
      const perSecond = (done / ((performance.now() - startMs) / 1000)).toFixed(0);
      process.stderr.write(
        `${name}: ${done.toLocaleString("en")} of ${count.toLocaleString("en")}, ${perSecond} a second\n`,
      );
    };
    try {
      const counts = await fuzz({ server, seed, first, count, signal }, progress);
      process.stdout.write(`${table(counts)}\n\n`);
    } catch (error) {
      process.exitCode = exitCodes.conformanceFailed;
      process.stdout.write(`${told(error, name, seed)}\n\n`);
    } finally {
      await server.close();
    }
  }
  if (signal.aborted) process.exitCode = exitCodes.interrupted;
}

function table(counts: FuzzCounts): string {
  const rows = [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([outcome, count]) => [outcome, count.toLocaleString("en")]);
  const sum = [...counts.values()].reduce((total, count) => total + count, 0);
  return renderMarkdownTable({
    columns: [left("Outcome"), right("Mutations")],
    rows: [...rows, ["all", sum.toLocaleString("en")]],
  });
}

function told(error: unknown, name: string, seed: number): string {
  if (!(error instanceof FuzzFailure)) return `failed: ${describeError(error)}`;
  const { mutation, conversation, sent, heard } = error.said;
  return [
    `failed: ${error.message}`,
    `conversation: ${conversation}`,
    `again: npm run fuzz -- ${name} --seed ${seed} --first ${mutation} --count 1`,
    `sent, base64: ${sent.toString("base64")}`,
    `heard, base64: ${heard.toString("base64")}`,
  ].join("\n");
}

await command.parseAsync().catch((error: unknown) => {
  process.stderr.write(`fuzz: ${describeError(error)}\n`);
  process.exitCode = exitCodes.usage;
});
