/** A node's session with JetStream: a stream per topic, a consumer of its own per node. */
import { randomUUID } from "node:crypto";
import {
  AckPolicy,
  DeliverPolicy,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamState,
} from "@nats-io/jetstream";
import { createInbox, type Msg, type NatsConnection, nanos } from "@nats-io/transport-node";
import { type BrokerMessage, replayMessagesMax } from "../broker/broker.ts";
import type { Session, SessionContext } from "../broker/session.ts";
import { natsConnection } from "./nats-client.ts";

const messagesKept = 20_000;
/** No limit in bytes: the server would set that much of its store aside for every topic of a run. */
const keptMs = 60 * 60 * 1000;
const acknowledgeWaitMs = 3000;
/** A consumer whose node is gone is removed by the server after this. */
const consumerIdleMs = 30_000;
const heartbeatMs = 5000;
const replayWaitMs = 5000;
const positionShape = /^\d{1,15}$/;

export const openJetstream = async (context: SessionContext, replicas = 1): Promise<Session> => {
  await using opened = new AsyncDisposableStack();
  const { topic, after } = context;
  const nats = opened.adopt(await natsConnection(context), (connection) => connection.close());
  const manager = await jetstreamManager(nats, { timeout: acknowledgeWaitMs });
  // Several nodes do this at once; the same configuration again is no error.
  await manager.streams.add({
    name: topic,
    subjects: [topic],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    max_msgs: messagesKept,
    max_age: nanos(keptMs),
    num_replicas: replicas,
  });
  const { first_seq: first, last_seq: last } = await state(manager, topic);
  const asked = after === undefined ? last : Number(after);
  // Beyond the end: the stream is another one, and all of it is new. Otherwise what is left is read.
  const start = asked > last ? Math.max(first - 1, 0) : Math.max(asked, first - 1);
  const client = jetstream(nats, { timeout: acknowledgeWaitMs });
  const connection = opened.move();
  return {
    position: String(start),
    gap: start !== asked,
    start() {
      let expected = start + 1;
      const deliver = (message: BrokerMessage): void => {
        const sequence = Number(message.position);
        if (sequence !== expected) context.gap();
        expected = sequence + 1;
        context.deliver(message);
      };
      consume(nats, manager, topic, start, deliver, context.lost).catch(context.lost);
    },
    async publish(text) {
      await client.publish(topic, text, { msgID: randomUUID(), timeout: acknowledgeWaitMs });
    },
    async replay(position) {
      if (!positionShape.test(position)) return undefined;
      const { first_seq, last_seq } = await state(manager, topic);
      const missed = last_seq - Number(position);
      if (Number(position) < first_seq - 1 || missed < 0 || missed > replayMessagesMax) return undefined;
      return await fetch(nats, manager, topic, Number(position), last_seq);
    },
    check: () => nats.flush(),
    end: () => connection.disposeAsync(),
  };
};

const state = async (manager: JetStreamManager, topic: string): Promise<StreamState> =>
  (await manager.streams.info(topic)).state;

/**
 * A push consumer without acknowledgements that lives as long as the connection: what the documentation calls an
 * ordered consumer. Ends with `lost` when a delivery is missing, so that the next session asks for it again.
 * Gives the function that removes it.
 */
async function consume(
  nats: NatsConnection,
  manager: JetStreamManager,
  stream: string,
  after: number,
  deliver: (message: BrokerMessage) => void,
  lost: () => void,
): Promise<() => Promise<void>> {
  const inbox = createInbox();
  let delivered = 0;
  const subscription = nats.subscribe(inbox, {
    callback: (_, message) => {
      if (isControl(nats, message)) return;
      const [streamSequence, deliverySequence] = sequences(message.reply ?? "");
      if (deliverySequence === ++delivered) deliver({ text: message.string(), position: String(streamSequence) });
      else lost();
    },
  });
  const { name } = await manager.consumers.add(stream, {
    deliver_subject: inbox,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: after + 1,
    ack_policy: AckPolicy.None,
    max_deliver: 1,
    flow_control: true,
    idle_heartbeat: nanos(heartbeatMs),
    inactive_threshold: nanos(consumerIdleMs),
    mem_storage: true,
  });
  return async () => {
    subscription.unsubscribe();
    await manager.consumers.delete(stream, name);
  };
}

/** Answers what the server asks so that it goes on; such messages have a status and no payload (ADR-15). */
function isControl(nats: NatsConnection, message: Msg): boolean {
  if (message.headers?.code !== 100) return false;
  const asked = message.reply || message.headers.get("Nats-Consumer-Stalled");
  if (asked) nats.publish(asked);
  return true;
}

/**
 * Of the stream and of the consumer, from `$JS.ACK.STREAM.CONSUMER.DELIVERIES.STREAM_SEQUENCE.CONSUMER_SEQUENCE.TIME.PENDING`
 * or, since 2.11, with a domain and an account before the stream (ADR-15).
 */
function sequences(reply: string): [number, number] {
  const tokens = reply.split(".");
  const at = tokens.length === 9 ? 5 : 7;
  return [Number(tokens[at]), Number(tokens[at + 1])];
}

/** The messages after one sequence number up to another. */
function fetch(
  nats: NatsConnection,
  manager: JetStreamManager,
  stream: string,
  after: number,
  last: number,
): Promise<BrokerMessage[] | undefined> {
  if (after === last) return Promise.resolve([]);
  return new Promise((resolve, reject) => {
    const messages: BrokerMessage[] = [];
    const consumer = consume(
      nats,
      manager,
      stream,
      after,
      (message) => {
        if (Number(message.position) > last) return;
        messages.push(message);
        if (Number(message.position) === last) settle(messages.length === last - after ? messages : undefined);
      },
      () => settle(undefined),
    );
    const timer = setTimeout(() => settle(undefined), replayWaitMs);
    const settle = (result: BrokerMessage[] | undefined): void => {
      clearTimeout(timer);
      resolve(result);
      consumer.then((remove) => remove()).catch(() => {});
    };
    consumer.catch((error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
