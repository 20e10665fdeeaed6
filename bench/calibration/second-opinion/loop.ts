/** What is asked of a closed loop, and what it answers; the same for the harness and for what it is held against. */
export interface LoopShape {
  readonly connections: number;
  readonly inFlight: number;
}

export interface LoopTiming {
  readonly payloadBytes: number;
  readonly warmupMs: number;
  readonly durationMs: number;
}

export interface LoopOrder extends LoopShape, LoopTiming {
  readonly url: string;
}

export interface LoopResult {
  readonly ratePerSecond: number;
  /** Absent where the tool's resolution is too coarse to tell. */
  readonly p50Us?: number;
}

export const timing: LoopTiming = { payloadBytes: 256, warmupMs: 1000, durationMs: 2000 };
