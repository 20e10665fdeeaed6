#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { describeError, WirebenchError } from "../protocol/errors.ts";
import { learnSecrets } from "../protocol/secrets.ts";
import { programs } from "../servers/programs/programs.ts";
import { claimsCommand } from "./commands/claims.ts";
import { clusterCommand } from "./commands/cluster.ts";
import { compareCommand } from "./commands/compare.ts";
import { exitCodeOfError, exitCodes } from "./commands/exit-codes.ts";
import { listCommand } from "./commands/list.ts";
import { planCommand } from "./commands/plan.ts";
import { profileCommand } from "./commands/profile.ts";
import { reportCommand } from "./commands/report.ts";
import { runCommand } from "./commands/run.ts";
import { serveCommand } from "./commands/serve.ts";
import { guardStreams } from "./commands/standard-streams.ts";
import { verifyCommand } from "./commands/verify.ts";
import { version } from "./environment/environment.ts";

const errorPrefix = "wirebench: ";

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
  .addCommand(profileCommand())
  .addCommand(claimsCommand())
  .addCommand(listCommand());

for (const command of [program, ...program.commands]) {
  command.exitOverride().configureOutput({
    outputError: (text, write) => write(text.replace(/^error: /, errorPrefix)),
  });
}

guardStreams();
const addresses = programs.map(({ address }) => address && process.env[address.variable]);
for (const text of [...process.argv.slice(2), ...addresses]) if (text !== undefined) learnSecrets(text);
process.on("uncaughtException", (error) => {
  process.stderr.write(`${errorPrefix}${error.stack ?? error}\n`);
  process.exit(exitCodes.unexpected);
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  process.stderr.write(`${errorPrefix}${describeError(error)}\n`);
  if (error instanceof WirebenchError && error.hint !== undefined) process.stderr.write(`  ${error.hint}\n`);
  return exitCodeOfError(error);
}
