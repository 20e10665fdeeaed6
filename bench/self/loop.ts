/** What is asked of a closed loop, and what it answers; the same for the harness and for what it is held against. */
export interface LoopShape {
  connections: number;
  inFlight: number;
}

export interface LoopOrder extends LoopShape {
  url: string;
  payloadBytes: number;
  warmupMs: number;
  durationMs: number;
}

export interface LoopResult {
  ratePerSecond: number;
  p50Us: number;
}
