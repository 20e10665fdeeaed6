/** All brokers and both cases at once, so that it takes little longer than one of them. */
import { describe, test } from "node:test";
import { brokers } from "../../../servers/cluster/brokers/brokers.ts";
import { startMemoryHub } from "../../../servers/cluster/memory-hub/program.ts";
import { findProgram, startProgram } from "../../../servers/programs/program.ts";
import { programNamed } from "../../../servers/programs/programs.ts";
import { foreignClients, isOfOneProgram } from "./foreign.ts";
import { lastingCases } from "./lasting-cases.ts";
import { runCase } from "./suite.ts";

describe("for a minute", { concurrency: true }, () => {
  for (const broker of brokers.filter(isOfOneProgram)) {
    const { name, component } = broker.traits;
    const missing = component !== undefined && findProgram(programNamed(component)) === undefined;
    const skip = missing && process.env.WIREBENCH_REQUIRE !== "all" ? `${component} is not installed` : false;

    test(`the ${name} broker`, { skip, concurrency: true }, async (t) => {
      const program = component === undefined ? await startMemoryHub() : await startProgram(programNamed(component));
      t.after(() => program.stop());
      const subject = { broker, program, foreign: foreignClients[name]! };
      await Promise.all(lastingCases.map((each, i) => t.test(each.name, () => runCase(subject, each, `lasting-${i}`))));
    });
  }
});
