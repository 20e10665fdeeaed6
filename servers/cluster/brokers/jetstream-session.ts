/** A node's session with JetStream: a stream per topic, a consumer of its own per node. */
import { setTimeout as wait } from "node:timers/promises";
import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { errors, nanos } from "@nats-io/transport-node";
import { nowNs } from "../../../protocol/clock.ts";
import { type BrokerMessage, replayMessagesMax } from "../broker/broker.ts";
import type { Session, SessionContext } from "../broker/session.ts";
import { type Consumer, type ConsumerOptions, consume, type Delivery } from "./jetstream-consumer.ts";
import { natsConnection } from "./nats-client.ts";

const messagesKept = 20_000;
/** No limit in bytes: the server would set that much of its store aside for every topic of a run. */
const keptMs = 60 * 60 * 1000;
/** The link notices a server that hangs sooner; this is for one that is busy. */
const answerWaitMs = 10_000;
/** Who asks of a stream that has no leader is not answered, also not when it has one: it has to ask again. */
const leaderlessWaitMs = 1000;
/** Of all of it, which a node that is busy reads slowly. */
const replayWaitMs = 9000;
const catchUpMs = 2000;
/** Servers that have just come up have a leader before it knows of all of them. */
const gatherMs = 5000;
const lookMs = 50;
/** `err_code` 10005, "no suitable peers for placement": nats-server, server/errors.json. */
const noSuitablePeers = 10005;
const positionShape = /^(\d{1,15})-(\d{1,15})$/;

/** Which stream it is, since one that was deleted and made anew counts from 1 again, and a sequence number in it. */
interface Place {
  readonly stream: number;
  readonly sequence: number;
}

const toPosition = ({ stream, sequence }: Place): string => `${stream}-${sequence}`;

function toPlace(position: string): Place | undefined {
  const [, stream, sequence] = positionShape.exec(position) ?? [];
  return sequence === undefined ? undefined : { stream: Number(stream), sequence: Number(sequence) };
}

export const openJetstream = async (context: SessionContext, replicas = 1): Promise<Session> => {
  await using opened = new AsyncDisposableStack();
  const { topic, after } = context;
  const nats = opened.adopt(await natsConnection(context), (connection) => connection.close());
  const manager = await jetstreamManager(nats, { timeout: replicas > 1 ? leaderlessWaitMs : answerWaitMs });
  const read = after === undefined ? undefined : toPlace(after)!;
  const { stream, first, last } = await caughtUp(manager, context, replicas, read);
  const asked = read ?? { stream, sequence: last };
  const start = whereToGoOn(asked, { stream, first, last });
  const from = { nats, manager, stream: topic };
  const client = jetstream(nats, { timeout: answerWaitMs });
  const toMessage = ({ sequence, text }: Delivery): BrokerMessage => ({
    text,
    position: toPosition({ stream, sequence }),
  });
  const connection = opened.move();
  let consumer: Promise<Consumer> | undefined;
  return {
    position: toPosition({ stream, sequence: start }),
    gap: asked.stream !== stream || asked.sequence !== start,
    start() {
      let expected = start + 1;
      const deliver = (delivery: Delivery): void => {
        if (delivery.sequence !== expected) context.gap();
        expected = delivery.sequence + 1;
        context.deliver(toMessage(delivery));
      };
      consumer = consume({ ...from, after: start, deliver, lost: context.lost });
      consumer.catch(context.lost);
    },
    async publish(text) {
      await client.publish(topic, text);
    },
    async replay(position) {
      const place = toPlace(position);
      if (place?.stream !== stream) return undefined;
      const now = await extent(manager, topic);
      const missed = now.last - place.sequence;
      if (now.stream !== stream || place.sequence < now.first - 1 || missed < 0 || missed > replayMessagesMax) {
        return undefined;
      }
      return (await fetch(from, place.sequence, now.last))?.map(toMessage);
    },
    check: () => nats.flush(),
    async end() {
      void consumer?.then(({ stop }) => stop()).catch(() => {});
      await connection.disposeAsync();
    },
  };
};

/**
 * The stream, when it has what was read of it before: a replica that has just become its leader may not have applied yet
 * what the one before it had committed. One that still has less after a while has lost it.
 */
async function caughtUp(
  manager: JetStreamManager,
  context: SessionContext,
  replicas: number,
  read: Place | undefined,
): Promise<Extent> {
  const deadlineNs = nowNs() + (replicas > 1 ? catchUpMs * 1e6 : 0);
  for (;;) {
    const found = await made(manager, context, replicas);
    const isBehind = read !== undefined && found.stream === read.stream && found.last < read.sequence;
    if (!isBehind || nowNs() >= deadlineNs || context.signal.aborted) return found;
    await wait(lookMs);
  }
}

/**
 * The stream, which the first node makes. One that is there is not made again: where servers have died, the one that
 * makes streams may be missing longer than the one that leads this stream.
 */
async function made(manager: JetStreamManager, { topic, signal }: SessionContext, replicas: number): Promise<Extent> {
  const deadlineNs = nowNs() + (replicas > 1 ? gatherMs * 1e6 : 0);
  for (;;) {
    try {
      return await extent(manager, topic);
    } catch (error) {
      const isMissing = isRefusal(error, JetStreamApiCodes.StreamNotFound);
      if (signal.aborted || !(isMissing || isUnanswered(error))) throw error;
      if (isMissing && (await make(manager, topic, replicas, deadlineNs)) === "too few servers") await wait(lookMs);
    }
  }
}

/** Several nodes do this at once; the same configuration again is no error. */
async function make(
  manager: JetStreamManager,
  topic: string,
  replicas: number,
  deadlineNs: number,
): Promise<"made or on its way" | "too few servers"> {
  try {
    await manager.streams.add({
      name: topic,
      subjects: [topic],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      max_msgs: messagesKept,
      max_age: nanos(keptMs),
      num_replicas: replicas,
    });
  } catch (error) {
    if (isRefusal(error, noSuitablePeers) && nowNs() < deadlineNs) return "too few servers";
    // It is made as soon as there is somebody to make it, or its servers agree on who leads.
    if (!isUnanswered(error)) throw error;
  }
  return "made or on its way";
}

const isRefusal = (error: unknown, code: number): boolean => error instanceof JetStreamApiError && error.code === code;

const isUnanswered = (error: unknown): boolean => error instanceof errors.TimeoutError;

interface Extent {
  /** When it was made: its identity. */
  readonly stream: number;
  /** Sequence numbers of the oldest message it has, and of the youngest it ever had. */
  readonly first: number;
  readonly last: number;
}

async function extent(manager: JetStreamManager, topic: string): Promise<Extent> {
  const { created, state } = await manager.streams.info(topic);
  return { stream: Date.parse(created), first: state.first_seq, last: state.last_seq };
}

/** The sequence number after which all that is left is new to who had read so far. */
function whereToGoOn(read: Place, { stream, first, last }: Extent): number {
  if (read.stream !== stream) return Math.max(first - 1, 0);
  // Beyond the end: a crash of the machine took what was not synced, and its numbers are given out again.
  return Math.max(Math.min(read.sequence, last), first - 1);
}

/** The messages after one sequence number up to another. */
function fetch(
  from: Pick<ConsumerOptions, "nats" | "manager" | "stream">,
  after: number,
  last: number,
): Promise<Delivery[] | undefined> {
  if (after === last) return Promise.resolve([]);
  return new Promise((resolve, reject) => {
    const deliveries: Delivery[] = [];
    const consumer = consume({
      ...from,
      after,
      deliver(delivery) {
        if (delivery.sequence > last) return;
        deliveries.push(delivery);
        if (delivery.sequence === last) settle(deliveries.length === last - after ? deliveries : undefined);
      },
      lost: () => settle(undefined),
    });
    const timer = setTimeout(() => settle(undefined), replayWaitMs);
    const settle = (result: Delivery[] | undefined): void => {
      clearTimeout(timer);
      resolve(result);
      consumer.then(({ remove }) => remove()).catch(() => {});
    };
    consumer.catch((error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
