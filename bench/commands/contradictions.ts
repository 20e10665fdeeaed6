/** What cannot be meant: options that contradict each other or the chosen targets and scenarios. */
import { WirebenchError } from "../../protocol/errors.ts";
import type { Scenario } from "../experiments/contract/scenario.ts";
import { scenarios } from "../experiments/scenarios.ts";
import { protocolNamed } from "../targets/protocols.ts";
import type { Target } from "../targets/target.ts";
import type { RunOptions } from "./run.ts";

/** The knee is searched where a rate is offered and every target can answer. */
export const capacityScenarios = scenarios.filter(({ loadKind, service }) => loadKind === "open" && service === "echo");

/** Throws `usage` for a target that is given twice. */
export function refuseRepeats(targets: readonly Target[]): void {
  const labels = targets.map(({ label }) => label);
  const repeated = labels.find((label, index) => labels.indexOf(label) !== index);
  if (repeated !== undefined) throw new WirebenchError("usage", `target ${repeated} is given twice`);
}

function refuseCapacityContradictions(
  { findCapacity, slo, rate, trials, untilPrecision }: RunOptions,
  chosen: readonly Scenario[],
): void {
  if (!findCapacity) {
    if (slo !== undefined) throw new WirebenchError("usage", "--slo needs --find-capacity");
    return;
  }
  if (rate !== undefined)
    throw new WirebenchError("usage", "--rate contradicts --find-capacity, which searches the rate");
  if (trials !== undefined)
    throw new WirebenchError("usage", "--trials contradicts --find-capacity, which probes rates instead");
  if (untilPrecision !== undefined) {
    throw new WirebenchError("usage", "--until-precision contradicts --find-capacity, which has no trials");
  }
  const wrong = chosen.find((scenario) => !capacityScenarios.includes(scenario));
  if (wrong !== undefined) {
    const expected = capacityScenarios.map(({ name }) => name).join(", ");
    throw new WirebenchError("usage", `--find-capacity searches on ${expected} only, not on ${wrong.name}`);
  }
}

/** An option that no chosen cell would use is a misunderstanding, not a wish. */
export function refuseContradictions(
  options: RunOptions,
  targets: readonly Target[],
  chosen: readonly Scenario[],
): void {
  refuseCapacityContradictions(options, chosen);
  if (options.maxTrials !== undefined && options.untilPrecision === undefined) {
    throw new WirebenchError("usage", "--max-trials needs --until-precision");
  }
  const kinds = new Set<Scenario["loadKind"]>(chosen.map(({ loadKind }) => loadKind));
  const names = chosen.map(({ name }) => name).join(", ");
  if (options.rate !== undefined && !kinds.has("open")) {
    throw new WirebenchError("usage", `--rate contradicts --scenario ${names}: only an open loop follows a rate`, {
      hint: "use --in-flight, or add an open-loop scenario",
    });
  }
  if (options.arrivals !== undefined && !kinds.has("open")) {
    throw new WirebenchError(
      "usage",
      `--arrivals contradicts --scenario ${names}: only an open loop follows a schedule`,
    );
  }
  if (options.inFlight !== undefined && !kinds.has("closed")) {
    throw new WirebenchError(
      "usage",
      `--in-flight contradicts --scenario ${names}: only a closed loop waits for answers`,
      {
        hint: "use --rate, or add a closed-loop scenario",
      },
    );
  }
  if (options.idleConnections !== undefined && !kinds.has("none")) {
    throw new WirebenchError("usage", `--idle-connections contradicts --scenario ${names}: in it nobody is idle`);
  }
  if (options.connections !== undefined && kinds.size === 1 && kinds.has("none")) {
    throw new WirebenchError("usage", `--connections contradicts --scenario ${names}: use --idle-connections`);
  }
  const polled = targets.some(({ protocol }) => protocolNamed(protocol).server.traits.downlink === "polled");
  if (options.pollInterval !== undefined && !polled) {
    throw new WirebenchError("usage", "--poll-interval is given, but none of the targets polls");
  }
}
