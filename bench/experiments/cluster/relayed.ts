import { brokerNamed } from "../../../servers/cluster/brokers/brokers.ts";
import { addressOf } from "../../../servers/programs/program.ts";
import { programNamed } from "../../../servers/programs/programs.ts";

/** Why no relay can stand between a node and this broker, as a sentence. */
export function whyNoRelay(broker: string): string | undefined {
  const { component, title } = brokerNamed(broker).traits;
  const program = component === undefined ? undefined : programNamed(component);
  if (program?.relays === "never") {
    return `its servers tell their clients of each other, so no way to one of them is the way to ${title}`;
  }
  if (program?.relays === undefined || addressOf(program) === undefined) return undefined;
  return `${title} tells its clients at which address to go on, and only a private one has addresses for relays: unset ${program.address!.variable}`;
}
