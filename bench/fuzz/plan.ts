import type { RunningServer } from "../../protocol/contract.ts";

/** What is done to one server. Mutation number i of a seed is the same in every run. */
export interface FuzzPlan {
  readonly server: RunningServer;
  readonly seed: number;
  /** Number of the first mutation. */
  readonly first: number;
  readonly count: number;
  readonly signal?: AbortSignal;
}

/** A server did what it may not do, and how to see it again. */
export class FuzzFailure extends Error {
  readonly said: Said;

  constructor(reason: string, said: Said) {
    super(reason);
    this.name = "FuzzFailure";
    this.said = said;
  }
}

/** One connection of a mutated conversation. */
export interface Said {
  /** Its number. */
  readonly mutation: number;
  /** Name of the conversation. */
  readonly conversation: string;
  readonly sent: Buffer;
  readonly heard: Buffer;
}
