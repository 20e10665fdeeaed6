#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { describeError, WirebenchError } from "../protocol/errors.ts";
import { clusterCommand } from "./commands/cluster.ts";
import { compareCommand } from "./commands/compare.ts";
import { exitCodeOfError, exitCodes } from "./commands/exit-codes.ts";
import { listCommand } from "./commands/list.ts";
import { planCommand } from "./commands/plan.ts";
import { reportCommand } from "./commands/report.ts";
import { runCommand } from "./commands/run.ts";
import { serveCommand } from "./commands/serve.ts";
import { verifyCommand } from "./commands/verify.ts";
import { version } from "./environment/environment.ts";

const program = new Command("wirebench")
  .description(
    "Measures WebSocket, Server-Sent Events, HTTP polling and XMPP side by side, and reports what they cost.",
  )
  .version(version)
  .showHelpAfterError("(wirebench help [command] shows what there is)")
  .addCommand(runCommand())
  .addCommand(clusterCommand())
  .addCommand(serveCommand())
  .addCommand(verifyCommand())
  .addCommand(reportCommand())
  .addCommand(compareCommand())
  .addCommand(planCommand())
  .addCommand(listCommand());

for (const command of [program, ...program.commands]) command.exitOverride();

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  process.stderr.write(`wirebench: ${describeError(error)}\n`);
  if (error instanceof WirebenchError && error.hint !== undefined) process.stderr.write(`  ${error.hint}\n`);
  return exitCodeOfError(error);
}
