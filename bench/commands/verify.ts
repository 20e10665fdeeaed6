import { Command, Option } from "commander";
import { WireByteCounter } from "../../load/metering/wire-bytes.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import { named } from "../../protocol/suggestion.ts";
import { left, renderPlainTable } from "../../reports/text/table.ts";
import { plural } from "../../results/quantities/format.ts";
import type { Check } from "../calibration/known-answers/check.ts";
import { floorName } from "../calibration/known-answers/trials.ts";
import { checkKnownAnswers } from "../calibration/known-answers/verification.ts";
import { checkWireBytes } from "../calibration/known-answers/wire-bytes.ts";
import { askAutocannon } from "../calibration/second-opinion/agreement.ts";
import { verifyTarget } from "../run/verify.ts";
import { protocolNamed, protocolNames } from "../targets/protocols.ts";
import type { Target } from "../targets/target.ts";
import { exitCodes } from "./exit-codes.ts";
import { givenTargets } from "./given-targets.ts";
import { interruptSignal } from "./interrupt.ts";

const parts = ["conformance", "wire-bytes", "known-answers", "second-opinion"] as const;
type Part = (typeof parts)[number];

interface VerifyOptions {
  only?: Part[];
  through: string;
}

const examples = `
Examples:
  wirebench verify                                     all of it, in about a minute and a half
  wirebench verify websocket sse --only conformance    do two protocols do what every protocol must
  wirebench verify websocket=ws://127.0.0.1:9001/ --only conformance
  wirebench verify --only known-answers --through websocket

Exit code 3: a target fails conformance. 4: the harness measures wrong, or more than a tenth of the checks could not be
decided on a machine this busy.`;

export function verifyCommand(): Command {
  return new Command("verify")
    .description("conformance of the targets, and the harness itself against answers that are known")
    .argument("[target...]", `protocol or protocol=URL; all protocols when left out (${protocolNames.join(", ")})`)
    .addOption(
      new Option("--only <part>", `a part of it; may be repeated: ${parts.join(", ")}`).argParser(
        (text: string, chosen: Part[] = []) => [...chosen, partNamed(text)],
      ),
    )
    .option("--through <protocol>", "the wire that known answers come on", floorName)
    .addHelpText("after", examples)
    .action(async (targetTexts: string[], options: VerifyOptions) => {
      process.exitCode = await verify(targetTexts, options);
    });
}

async function verify(targetTexts: string[], { only = [...parts], through }: VerifyOptions): Promise<number> {
  const targets = givenTargets(targetTexts.length > 0 ? targetTexts : protocolNames);
  const { downlink } = protocolNamed(through).server.traits;
  if (downlink === "polled" || downlink === "response") {
    const why = downlink === "polled" ? "a clock of its own rounds its delays up" : "its answers cannot be late";
    throw new WirebenchError("usage", `--through ${through}: ${why}`, {
      hint: "choose a protocol that brings a message as soon as it is there",
    });
  }
  using interrupt = interruptSignal("Stopping.");
  const { signal } = interrupt;
  const run = async (part: Part, title: string, check: () => Promise<Check[]>): Promise<Check[]> => {
    if (!only.includes(part)) return [];
    const checks = await check();
    process.stdout.write(`${title}\n${renderChecks(checks)}\n\n`);
    return checks;
  };
  try {
    const conforms = only.includes("conformance") ? await checkTargets(targets, signal) : true;
    const checks = [
      ...(await run("wire-bytes", wireBytesTitle, () => checkBytes(targets, signal))),
      ...(await run(
        "known-answers",
        `Known answers, through ${through}: what an observer between users and server saw (expected), and the harness (measured)`,
        () =>
          checkKnownAnswers(
            through,
            ({ name }, attempt) =>
              say(`known answers  ${name}${attempt > 1 ? `, what was not decided, attempt ${attempt}` : ""}`),
            signal,
          ),
      )),
      ...(await run("second-opinion", "Second opinion: autocannon (expected) and wirebench (measured)", () =>
        askAutocannon((what) => say(`second opinion ${what}`), signal),
      )),
    ];
    process.stdout.write(`${conclude(conforms, checks)}\n`);
    if (!conforms) return exitCodes.conformanceFailed;
    const share = (verdict: Check["verdict"]): number => count(checks, verdict) / checks.length;
    const wrong = share("failed") > 0 || share("cannot tell") > undecidedShareMax;
    return wrong ? exitCodes.invalidResult : exitCodes.ok;
  } catch (error) {
    if (signal.aborted) return exitCodes.interrupted;
    throw error;
  }
}

/** All case results on stdout; whether none failed. */
async function checkTargets(targets: readonly Target[], signal: AbortSignal): Promise<boolean> {
  let conforms = true;
  for (const target of targets) {
    say(`conformance    ${target.label}`);
    const results = await verifyTarget(target, signal);
    const lines = results.map(({ case: name, outcome, reason, remarks = [] }) => {
      const said = [...(reason ? [reason] : []), ...remarks.map(({ message }) => message)];
      return [outcome, [name, ...said].join(": ")];
    });
    const table = { columns: [left("Outcome"), left("Case")], rows: lines };
    process.stdout.write(`Conformance of ${target.label}\n${renderPlainTable(table)}\n\n`);
    if (results.some(({ outcome }) => outcome === "failed")) conforms = false;
  }
  return conforms;
}

const wireBytesTitle =
  "Bytes on the wire of one message and its echo, at payloads of 64, 125, 126, 65,535 and 65,536 B";

async function checkBytes(targets: readonly Target[], signal: AbortSignal): Promise<Check[]> {
  const counter = new WireByteCounter();
  const checks: Check[] = [];
  for (const name of new Set(targets.map(({ protocol }) => protocol))) {
    signal.throwIfAborted();
    say(`wire bytes     ${name}`);
    checks.push(...(await checkWireBytes(protocolNamed(name), counter)));
  }
  return checks;
}

const renderChecks = (checks: readonly Check[]): string =>
  renderPlainTable({
    columns: ["Check", "Expected", "Measured", "Verdict"].map(left),
    rows: checks.map(({ name, expected, measured, verdict }) => [name, expected, measured, verdict]),
  });

/** Some tails a busy machine leaves open; with more than this it was no verification. */
const undecidedShareMax = 0.1;

const count = (checks: readonly Check[], verdict: Check["verdict"]): number =>
  checks.filter((check) => check.verdict === verdict).length;

function conclude(conforms: boolean, checks: readonly Check[]): string {
  const [failed, undecided] = [count(checks, "failed"), count(checks, "cannot tell")];
  const sentences = [
    ...(conforms ? [] : ["A target does not conform."]),
    ...(failed > 0 ? [`${plural(failed, "check")} failed: do not trust the numbers.`] : []),
    ...(undecided > 0
      ? [`${plural(undecided, "check")} of ${checks.length} could not be decided: the machine was too busy.`]
      : []),
    ...(count(checks, "differs") > 0
      ? ["The two load generators do not agree within the noise on a server that is fast."]
      : []),
  ];
  return sentences.length > 0 ? sentences.join("\n") : "Everything is as expected.";
}

function partNamed(text: string): Part {
  return named("part", text, parts, String);
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);
