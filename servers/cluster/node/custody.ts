/**
 * What a node had in its hands, so that it can be told later who lost what: which messages came from the broker, to
 * which users it handed them, and what became of its users' publications. A user that is in the channel is handed every
 * message in its order, so one number per message and two per stay of a user tell of every delivery.
 */
import { nowNs } from "../../../protocol/clock.ts";
import { type ChannelMessage, deliveryKey, messageKey, publicationKey } from "../../../protocol/wires/channel.ts";
import type { BrokerStatus } from "../broker/broker.ts";
import { NumberLog } from "./number-log.ts";

/**
 * `waiting`: the broker has not answered. `refused`: there was no link to the broker, or it was lost before the answer.
 * `congested`: too much waited for the broker already. `unseen`: never received from the publisher.
 */
export const publicationFates = ["waiting", "accepted", "refused", "congested", "too-large", "unseen"] as const;
export type PublicationFate = (typeof publicationFates)[number];

/**
 * `unseen`: never received from the broker. `handed`: written to the user's connection. `not-attached`: received while
 * the user was not in the channel here. `forgotten`: too long ago to be on record.
 */
export type DeliveryFate = "unseen" | "handed" | "not-attached" | "forgotten";

/** Why a user is in the channel no longer. `slow`: it did not read. `peer`: the other end closed, or the path broke. */
export type LeavingReason = "slow" | "moved" | "closed-by-node" | "peer";

export interface Leaving {
  readonly user: number;
  readonly atNs: number;
  readonly why: LeavingReason;
}

/** Deliveries, column by column. */
export interface CustodyQuestion {
  readonly publishers: readonly number[];
  readonly sequences: readonly number[];
  readonly users: readonly number[];
  /** Whose leavings are asked for besides. */
  readonly leavingsOf: readonly number[];
}

export interface CustodyAnswer {
  /** The record begins then: nothing is known of the time before. */
  readonly sinceNs: number;
  /** One for each delivery asked about; publications of other nodes' users are unseen. */
  readonly publications: readonly (PublicationFate | "forgotten")[];
  readonly deliveries: readonly DeliveryFate[];
  /** Of the users asked about, in the order in which they left. */
  readonly leavings: readonly Leaving[];
  /** Of the link to the broker, changes since it was first live. */
  readonly link: readonly { readonly atNs: number; readonly status: BrokerStatus }[];
}

/** The most a node keeps, oldest forgotten first: some 8 MB of messages, 9 MB of publications, 10 MB of stays. */
export interface CustodyBounds {
  readonly messages: number;
  readonly stays: number;
  readonly statuses: number;
}

const defaultBounds: CustodyBounds = { messages: 2 ** 20, stays: 100_000, statuses: 1000 };

/** Handed: the messages from number `from` up to, not including, `to`. */
interface Stay {
  readonly user: number;
  readonly from: number;
  to: number;
  endNs: number;
  why: LeavingReason | undefined;
}

export class Custody {
  readonly #bounds: CustodyBounds;
  readonly #sinceNs = nowNs();
  readonly #received: NumberLog;
  readonly #published: NumberLog;
  /** By the number of the publication. */
  readonly #fates: NumberLog;
  readonly #open = new Map<object, Stay>();
  #stays: Stay[] = [];
  #staysForgotten = false;
  readonly #link: CustodyAnswer["link"][number][] = [];

  constructor(bounds: Partial<CustodyBounds> = {}) {
    this.#bounds = { ...defaultBounds, ...bounds };
    const { messages } = this.#bounds;
    this.#received = new NumberLog(messages, (rows) => new Float64Array(rows));
    this.#published = new NumberLog(messages, (rows) => new Float64Array(rows));
    this.#fates = new NumberLog(messages, (rows) => new Uint8Array(rows));
  }

  /** A message came from the broker, and is handed to everybody who is in the channel. Returns its `messageKey`. */
  received(publication: string): number {
    const key = publicationKey(publication);
    this.#received.push(key);
    return key;
  }

  /** A user published a message; returns the number under which its fate is to be told. */
  publishing({ publisher, sequence }: ChannelMessage): number {
    this.#fates.push(0);
    return this.#published.push(messageKey(publisher, sequence));
  }

  published(number: number, fate: PublicationFate): void {
    this.#fates.set(number, publicationFates.indexOf(fate));
  }

  /** `member` takes part from the next message on, having been replayed all since `firstReplayed`. */
  joined(member: object, user: number, firstReplayed?: string): void {
    const stay: Stay = { user, from: this.#fromOf(firstReplayed), to: Infinity, endNs: Infinity, why: undefined };
    this.#open.set(member, stay);
    this.#stays.push(stay);
    if (this.#stays.length > 2 * this.#bounds.stays) {
      this.#stays = this.#stays.slice(-this.#bounds.stays);
      this.#staysForgotten = true;
    }
  }

  /** `member` is handed nothing any more. Idempotent; the first reason counts. */
  left(member: object, why: LeavingReason): void {
    const stay = this.#open.get(member);
    if (stay === undefined) return;
    this.#open.delete(member);
    stay.to = this.#received.end;
    stay.endNs = nowNs();
    stay.why = why;
  }

  brokerIs(status: BrokerStatus): void {
    if (this.#link.length < this.#bounds.statuses) this.#link.push({ atNs: nowNs(), status });
  }

  answer({ publishers, sequences, users, leavingsOf }: CustodyQuestion): CustodyAnswer {
    const keys = publishers.map((publisher, index) => messageKey(publisher, sequences[index]!));
    const asked = new Set(keys);
    const received = this.#received.numbersOf(asked);
    const published = this.#published.numbersOf(asked);
    const staysOf = Map.groupBy(this.#stays, ({ user }) => user);
    return {
      sinceNs: this.#sinceNs,
      publications: keys.map((key) => this.#publicationFate(published.get(key)?.at(-1))),
      deliveries: keys.map((key, index) => this.#deliveryFate(received.get(key), staysOf.get(users[index]!) ?? [])),
      leavings: [...new Set([...users, ...leavingsOf])]
        .flatMap((user) => staysOf.get(user) ?? [])
        .flatMap(({ user, endNs, why }) => (why === undefined ? [] : [{ user, atNs: endNs, why }]))
        .sort((a, b) => a.atNs - b.atNs),
      link: this.#link,
    };
  }

  #publicationFate(number: number | undefined): PublicationFate | "forgotten" {
    if (number === undefined) return this.#published.hasForgotten ? "forgotten" : "unseen";
    return publicationFates[this.#fates.at(number)!] ?? "forgotten";
  }

  #deliveryFate(numbers: readonly number[] | undefined, stays: readonly Stay[]): DeliveryFate {
    if (numbers === undefined) return this.#received.hasForgotten ? "forgotten" : "unseen";
    const handed = stays.some(({ from, to }) => numbers.some((number) => from <= number && number < to));
    if (handed) return "handed";
    return this.#staysForgotten ? "forgotten" : "not-attached";
  }

  /** What was replayed and is on record stands there without a hole from the first one on. */
  #fromOf(firstReplayed: string | undefined): number {
    const next = this.#received.end;
    if (firstReplayed === undefined) return next;
    return this.#received.lastNumberOf(deliveryKey(firstReplayed)) ?? next;
  }
}
