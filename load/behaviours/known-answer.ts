import type { Timeline } from "../../protocol/clock.ts";
import type { Payload, ServerConnection } from "../../protocol/contract.ts";
import type { MessageCodec } from "../../protocol/messages/message.ts";
import type { WindowOrder } from "../flows/window.ts";
import type { MeasuredBehaviour } from "./measured-behaviour.ts";

/** What happens to the answer of one message, in a window; all of it is decided before the window begins. */
export interface AnswerPlan {
  /** From receipt to handing over, in nanoseconds. */
  delayNs(sequence: number, connection: number, receivedNs: number): number;
  /** How often the answer is sent: 0 drops it, 2 sends a duplicate. */
  copies(sequence: number): number;
  /** Whether the answer waits until the next one of its connection has left. */
  overtaken(sequence: number): boolean;
}

/** What the server did to the messages a harness times: those scheduled within the window, in order of leaving. */
export interface ImposedDelays {
  /** What was planned, in nanoseconds. */
  plannedNs: number[];
  /** From receipt to handing over by this process's clock, in nanoseconds: the plan and how late it was kept. */
  imposedNs: number[];
  /** Over the whole window, its settling time included: answers that left after one with a later number. */
  reorderedMessages: number;
}

export interface KnownAnswerBehaviour extends MeasuredBehaviour {
  /** Of the window begun last. */
  readonly imposed: ImposedDelays;
}

/** The sender is done when a window is collected, but its last messages may still be on the way here. */
const lastArrivalsMs = 100;

interface Line {
  readonly connection: ServerConnection;
  readonly index: number;
  /** Answers that wait to be overtaken. */
  held: { payload: Payload; sequence: number }[];
  highestSent: number;
}

/**
 * Echoes with delays, losses, duplicates and reorders that are known, so that a harness can be held against the
 * truth. A window without a plan is echoed at once. The books here are kept apart from the harness's: plain numbers,
 * not its histograms, and its own count of reorders.
 */
export function knownAnswerBehaviour(
  codec: MessageCodec,
  planOf: (window: WindowOrder) => AnswerPlan | undefined,
  timeline: Timeline,
): KnownAnswerBehaviour {
  const lines: Line[] = [];
  let handledMessages = 0;
  let window: WindowOrder | undefined;
  let plan: AnswerPlan | undefined;
  let imposed = nothingImposed();
  /** Answers whose delay is not over. */
  let waiting = 0;

  function receive(line: Line, payload: Payload): void {
    handledMessages++;
    const receivedNs = timeline.nowNs();
    const message = codec.decode(payload);
    if (plan === undefined || message === undefined || message.window !== window?.index) {
      line.connection.send(payload);
      return;
    }
    const { sequence, scheduledNs } = message;
    const plannedNs = plan.delayNs(sequence, line.index, receivedNs);
    const books = scheduledNs >= window.startNs ? imposed : undefined;
    const answer = (): void => {
      books?.plannedNs.push(plannedNs);
      books?.imposedNs.push(timeline.nowNs() - receivedNs);
      release(line, payload, sequence);
    };
    if (plannedNs > 0) {
      waiting++;
      timeline.at(receivedNs + plannedNs, () => {
        waiting--;
        answer();
      });
    } else answer();
  }

  function release(line: Line, payload: Payload, sequence: number): void {
    if (plan?.overtaken(sequence)) {
      line.held.push({ payload, sequence });
      return;
    }
    for (let copy = plan?.copies(sequence) ?? 1; copy > 0; copy--) hand(line, payload, sequence);
    for (const overtaken of line.held.splice(0)) hand(line, overtaken.payload, overtaken.sequence);
  }

  function hand(line: Line, payload: Payload, sequence: number): void {
    if (sequence < line.highestSent) imposed.reorderedMessages++;
    line.highestSent = Math.max(line.highestSent, sequence);
    line.connection.send(payload);
  }

  return {
    behaviour(connection) {
      const line: Line = { connection, index: lines.length, held: [], highestSent: -1 };
      lines.push(line);
      return { message: (payload) => receive(line, payload), closed() {} };
    },
    get handledMessages() {
      return handledMessages;
    },
    get imposed() {
      return imposed;
    },
    prepare(order) {
      window = order;
      plan = planOf(order);
      imposed = nothingImposed();
      for (const line of lines) line.highestSent = -1;
      return Promise.resolve();
    },
    send: () => Promise.resolve(),
    halt() {},
    /** Waits for the delays that are not over; then answers that nothing came to overtake leave too. */
    async collect(drainMs) {
      const untilNs = timeline.nowNs() + drainMs * 1e6;
      do await new Promise<void>((resolve) => timeline.after(lastArrivalsMs, resolve));
      while (waiting > 0 && timeline.nowNs() < untilNs);
      for (const line of lines) for (const { payload, sequence } of line.held.splice(0)) hand(line, payload, sequence);
      return {};
    },
  };
}

const nothingImposed = (): ImposedDelays => ({ plannedNs: [], imposedNs: [], reorderedMessages: 0 });
