/** All brokers and both cases at once, so that it takes little longer than one of them. */
import { after, describe, test } from "node:test";
import { isPlain } from "../../../servers/cluster/broker/configurations.ts";
import { brokers } from "../../../servers/cluster/brokers/brokers.ts";
import { ProgramPool } from "../../rigs/program-pool.ts";
import { leftOut } from "../../testing.ts";
import { foreignClientOf, isOfOneProgram } from "./foreign.ts";
import { lastingCases } from "./lasting-cases.ts";
import { runCase } from "./suite.ts";

const programs = new ProgramPool();
after(() => programs[Symbol.asyncDispose]());

describe("for a minute", { concurrency: true }, () => {
  for (const broker of brokers.filter(isPlain).filter(isOfOneProgram)) {
    const { name } = broker.traits;
    const skip = leftOut(broker);

    test(`the ${name} broker`, { skip, concurrency: true }, async (t) => {
      const program = await programs.serverOf(name);
      const subject = { broker, program, foreign: foreignClientOf(broker) };
      await Promise.all(lastingCases.map((each, i) => t.test(each.name, () => runCase(subject, each, `lasting-${i}`))));
    });
  }
});
