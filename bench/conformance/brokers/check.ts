/**
 * Holds brokers against the whole suite, those that take too long for a test too: each case on a broker that is started
 * once. `node bench/conformance/brokers/check.ts kafka-cluster jetstream-cluster`
 */
import { describeError } from "../../../protocol/errors.ts";
import { brokerNamed } from "../../../servers/cluster/brokers/brokers.ts";
import { startMemoryHub } from "../../../servers/cluster/memory-hub/program.ts";
import { startProgram } from "../../../servers/programs/program.ts";
import { programNamed } from "../../../servers/programs/programs.ts";
import { foreignClientOf } from "./foreign.ts";
import { casesFor, runCase } from "./suite.ts";

const names = process.argv.slice(2);
if (names.length === 0) throw new Error("expected names of brokers");

for (const name of names) {
  const broker = brokerNamed(name);
  const { component, durability } = broker.traits;
  const program = await (component === undefined
    ? startMemoryHub()
    : startProgram(programNamed(component), { fsync: durability.fsync }));
  try {
    const subject = { broker, foreign: foreignClientOf(broker), program };
    for (const [i, each] of casesFor(subject).entries()) {
      const startMs = performance.now();
      const reason = await runCase(subject, each, `conformance-${i}`).then(
        () => undefined,
        (error: unknown) => describeError(error),
      );
      const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
      process.stdout.write(`${reason === undefined ? "passed" : "FAILED"} ${name}, ${seconds} s: ${each.name}\n`);
      if (reason === undefined) continue;
      process.stdout.write(`  ${reason}\n`);
      process.exitCode = 1;
    }
  } finally {
    await program.stop();
  }
}
