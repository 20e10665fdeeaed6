/** What is asked of the users of a channel, and what they answer; the same for the harness and for the loop without one. */
export interface ChannelShape {
  readonly users: number;
  /** The first so many users publish. */
  readonly publishers: number;
  /** Messages on their way, of each publisher. */
  readonly inFlight: number;
  readonly payloadBytes: number;
  readonly warmupMs: number;
  readonly durationMs: number;
}

export interface ChannelLoopOrder extends ChannelShape {
  readonly url: string;
}

export interface ChannelLoopResult {
  readonly deliveriesPerSecond: number;
  /** CPU time of all processes that are users over the time: cores. */
  readonly usersCpuShare: number;
}

/** Deliveries per second of CPU time of the users: what carries over to a machine with cores to spare. */
export const perCpuSecond = ({ deliveriesPerSecond, usersCpuShare }: ChannelLoopResult): number =>
  deliveriesPerSecond / usersCpuShare;
