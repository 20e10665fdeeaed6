import { lossesOf } from "../../protocol/durability.ts";
import type { Results } from "../../results/contract/results.ts";
import { brokerNamed } from "../../servers/cluster/brokers/brokers.ts";
import { addressOf } from "../../servers/programs/program.ts";
import { programNamed } from "../../servers/programs/programs.ts";

/** What brokers promise, as they are started; of one that somebody else started nobody here knows how. */
export const describeBrokers = (names: readonly string[]): NonNullable<Results["brokers"]> =>
  names.map((name) => {
    const { title, delivery, history, order, component, durability } = brokerNamed(name).traits;
    const program = component === undefined ? undefined : programNamed(component);
    const known = { name, title, delivery, history, order, coresMax: program?.coresMax ?? null };
    if (program !== undefined && addressOf(program) !== undefined) {
      const unknown = `As its owner set it up: wirebench did not start it (${program.address!.variable}).`;
      return { ...known, outage: unknown, crash: unknown };
    }
    const { processKilled, machineCrashed, survives } = lossesOf({ history, durability });
    return { ...known, outage: processKilled, crash: machineCrashed, durability: { ...durability, survives } };
  });
