/**
 * What the programs of a cluster did in one window: how it is recorded, and read again. Raw amounts, so that whatever is
 * worked out of them can be worked out anew.
 */
import type { Trial, Window } from "../contract/results.ts";

/** Of one program: CPU time, how often its threads were woken up, and how long they had no processor though they could run. */
export interface ProgramWork {
  readonly cpuUs: number;
  readonly wakeUps: number;
  readonly waitedUs: number;
}

export const costPrograms = ["node", "listeners", "proxy", "broker"] as const;
export type CostProgram = (typeof costPrograms)[number];

export interface CostWindow {
  /** Between the two looks at the programs, which enclose the traffic. */
  readonly meteredMs: number;
  /** Of the traffic; all of `meteredMs` where there was none. */
  readonly trafficMs: number;
  /** On their way per publisher, in a closed loop; 0: messages came by the clock, evenly spaced. */
  readonly inFlightMessages: number;
  readonly publications: number;
  readonly deliveries: number;
  /** On the users' connections, both ways. */
  readonly wireBytes: number;
  /** Nodes without users, `listeners` together. All users are on the one `node`. */
  readonly listeningNodes: number;
  /** What cannot be read is absent. */
  readonly work: Readonly<Partial<Record<CostProgram, ProgramWork>>>;
}

const cpuName = (program: CostProgram) => `${program}CpuUs`;
const wakeUpsName = (program: CostProgram) => `${program}WakeUps`;
const waitedName = (program: CostProgram) => `${program}WaitedUs`;

export const recordCosts = ({ work, ...amounts }: CostWindow): Window["measures"] => ({
  ...amounts,
  ...Object.fromEntries(
    costPrograms.flatMap((program) => {
      const own = work[program];
      return own === undefined
        ? []
        : [
            [cpuName(program), own.cpuUs],
            [wakeUpsName(program), own.wakeUps],
            [waitedName(program), own.waitedUs],
          ];
    }),
  ),
});

/** In the order in which they ran; windows of anything else are left out. */
export const costWindowsOf = ({ windows }: Pick<Trial, "windows">): CostWindow[] =>
  windows.flatMap(({ measures }) => {
    const { meteredMs, trafficMs, inFlightMessages, publications, deliveries, wireBytes, listeningNodes } = measures;
    if (meteredMs === undefined || trafficMs === undefined || listeningNodes === undefined) return [];
    if (inFlightMessages === undefined || publications === undefined) return [];
    if (deliveries === undefined || wireBytes === undefined) return [];
    const work: Partial<Record<CostProgram, ProgramWork>> = {};
    for (const program of costPrograms) {
      const [cpuUs, wakeUps] = [measures[cpuName(program)], measures[wakeUpsName(program)]];
      const waitedUs = measures[waitedName(program)] ?? 0;
      if (cpuUs !== undefined && wakeUps !== undefined) work[program] = { cpuUs, wakeUps, waitedUs };
    }
    return [{ meteredMs, trafficMs, inFlightMessages, publications, deliveries, wireBytes, listeningNodes, work }];
  });
