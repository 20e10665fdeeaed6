/** The memory broker without its wire: the executable definition of what a broker with history does. */
import { randomUUID } from "node:crypto";
import { type BrokerMessage, replayMessagesMax } from "../broker/broker.ts";

/** Of one topic; the oldest go first. */
export const historyMessagesMax = 20_000;
export const historyBytesMax = 64 * 1024 * 1024;
export const topicsMax = 1000;

export interface Subscription {
  /** What is handed over comes after this. */
  readonly position: string;
  /** What came after the position asked for is no longer all there. */
  readonly gap: boolean;
  end(): void;
}

interface Topic {
  /** Sequence number of `history[0]`. */
  first: number;
  readonly history: string[];
  bytes: number;
  readonly subscribers: Set<(message: BrokerMessage) => void>;
}

/**
 * Topics with a bounded history. Every subscriber gets every message published after its position, in one order for
 * all, within the publisher's call. A position names this hub, so that another one after it is known to have forgotten.
 */
export class MemoryHub {
  readonly #epoch: string;
  readonly #topics = new Map<string, Topic>();

  constructor(epoch: string = randomUUID()) {
    this.#epoch = epoch;
  }

  /** False where there are too many topics already. */
  publish(name: string, text: string): boolean {
    const topic = this.#topic(name);
    if (topic === undefined) return false;
    topic.history.push(text);
    topic.bytes += text.length;
    let drop = 0;
    while (topic.history.length - drop > historyMessagesMax || topic.bytes > historyBytesMax) {
      topic.bytes -= topic.history[drop++]!.length;
    }
    if (drop > 0) {
      topic.history.splice(0, drop);
      topic.first += drop;
    }
    const message = { text, position: this.#position(end(topic)) };
    for (const deliver of [...topic.subscribers]) deliver(message);
    return true;
  }

  /** Hands over what is kept after the position within this call. Undefined where there are too many topics. */
  subscribe(
    name: string,
    after: string | undefined,
    deliver: (message: BrokerMessage) => void,
  ): Subscription | undefined {
    const topic = this.#topic(name);
    if (topic === undefined) return undefined;
    const asked = after === undefined ? end(topic) : this.#sequence(topic, after);
    // Of another hub: everything here came after it. Of this one, but too old: what is left came after it.
    const start = Math.max(asked ?? 0, topic.first);
    const gap = after !== undefined && asked !== start;
    for (const message of this.#after(topic, start)) deliver(message);
    topic.subscribers.add(deliver);
    return { position: this.#position(start), gap, end: () => topic.subscribers.delete(deliver) };
  }

  /** See `BrokerConnection.replay`. */
  replay(name: string, position: string): readonly BrokerMessage[] | undefined {
    const topic = this.#topic(name);
    const start = topic && this.#sequence(topic, position);
    if (topic === undefined || start === undefined || start < topic.first) return undefined;
    return end(topic) - start > replayMessagesMax ? undefined : this.#after(topic, start);
  }

  #after(topic: Topic, start: number): BrokerMessage[] {
    return topic.history
      .slice(start - topic.first)
      .map((text, i) => ({ text, position: this.#position(start + i + 1) }));
  }

  #topic(name: string): Topic | undefined {
    const known = this.#topics.get(name);
    if (known !== undefined || this.#topics.size >= topicsMax) return known;
    const topic = { first: 0, history: [], bytes: 0, subscribers: new Set<never>() };
    this.#topics.set(name, topic);
    return topic;
  }

  /** A position is the number of messages published up to and including its own. */
  #position(sequence: number): string {
    return `${this.#epoch}:${sequence}`;
  }

  /** Undefined for what this hub never gave out. */
  #sequence(topic: Topic, position: string): number | undefined {
    const at = position.lastIndexOf(":");
    const digits = position.slice(at + 1);
    if (position.slice(0, at) !== this.#epoch || !/^\d{1,15}$/.test(digits)) return undefined;
    return Number(digits) <= end(topic) ? Number(digits) : undefined;
  }
}

const end = (topic: Topic): number => topic.first + topic.history.length;
