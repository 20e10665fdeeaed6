/**
 * A push consumer without acknowledgements that lives as long as the connection: what the documentation calls an ordered
 * consumer (https://docs.nats.io/nats-concepts/jetstream/consumers#ordered-consumers).
 */
import { AckPolicy, DeliverPolicy, type JetStreamManager } from "@nats-io/jetstream";
import { createInbox, type Msg, type NatsConnection, nanos } from "@nats-io/transport-node";
import { SilenceWatch } from "../broker/silence.ts";

/** A consumer whose node is gone is removed by the server after this. */
const idleMs = 30_000;
/** The server says so often that it has nothing to deliver. */
const heartbeatMs = 500;
/** Silent for so many heartbeats, the consumer is gone, whatever the connection says. */
const heartbeatsMissedMax = 4;

export interface Delivery {
  /** Of the stream. */
  readonly sequence: number;
  readonly text: string;
}

export interface ConsumerOptions {
  readonly nats: NatsConnection;
  readonly manager: JetStreamManager;
  readonly stream: string;
  /** The sequence number before the first one to deliver. */
  readonly after: number;
  readonly deliver: (delivery: Delivery) => void;
  /** It is deleted, silent, or a delivery is missing: no more will come, and the next one must ask for the rest. Once. */
  readonly lost: () => void;
}

export interface Consumer {
  /** Hands nothing over any more. */
  stop(): void;
  /** Stops, and takes it off the server. */
  remove(): Promise<void>;
}

export async function consume({ nats, manager, stream, after, deliver, lost }: ConsumerOptions): Promise<Consumer> {
  const inbox = createInbox();
  let delivered = 0;
  const fail = (): void => {
    stop();
    lost();
  };
  const silence = new SilenceWatch({ periodMs: heartbeatMs, periodsMax: heartbeatsMissedMax, silent: fail });
  const subscription = nats.subscribe(inbox, {
    callback: (_, message) => {
      silence.heard();
      const status = message.headers?.code ?? 0;
      // 409 Consumer Deleted, and whatever else is no message.
      if (status >= 400) fail();
      else if (status === 100) {
        const last = message.headers!.get("Nats-Last-Consumer");
        if (last !== "" && Number(last) !== delivered) fail();
        else answerControl(nats, message);
      } else {
        const { streamSequence, consumerSequence } = sequences(message.reply ?? "");
        if (consumerSequence === ++delivered) deliver({ sequence: streamSequence, text: message.string() });
        else fail();
      }
    },
  });
  const stop = (): void => {
    silence.stop();
    subscription.unsubscribe();
  };
  try {
    const { name } = await manager.consumers.add(stream, {
      deliver_subject: inbox,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: after + 1,
      ack_policy: AckPolicy.None,
      max_deliver: 1,
      flow_control: true,
      idle_heartbeat: nanos(heartbeatMs),
      inactive_threshold: nanos(idleMs),
      mem_storage: true,
    });
    return {
      stop,
      async remove() {
        stop();
        await manager.consumers.delete(stream, name);
      },
    };
  } catch (error) {
    stop();
    throw error;
  }
}

/** Answers what the server asks so that it goes on; such messages have a status and no payload (ADR-15). */
function answerControl(nats: NatsConnection, message: Msg): void {
  const asked = message.reply || message.headers?.get("Nats-Consumer-Stalled");
  if (asked) nats.publish(asked);
}

/**
 * Of the stream and of the consumer, from `$JS.ACK.STREAM.CONSUMER.DELIVERIES.STREAM_SEQUENCE.CONSUMER_SEQUENCE.TIME.PENDING`
 * or, since 2.11, with a domain and an account before the stream (ADR-15).
 */
function sequences(reply: string): { streamSequence: number; consumerSequence: number } {
  const tokens = reply.split(".");
  const at = tokens.length === 9 ? 5 : 7;
  return { streamSequence: Number(tokens[at]), consumerSequence: Number(tokens[at + 1]) };
}
