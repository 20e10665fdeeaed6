/** What is predicted of each broker of several processes when some of them die, and from which of its settings. */
import { kafkaTimeouts } from "../../../servers/programs/kafka-cluster.ts";
import { natsRaftTimeouts } from "../../../servers/programs/nats-cluster.ts";
import { redisClusterTimeouts } from "../../../servers/programs/redis-cluster.ts";
import { sentinelTimeouts } from "../../../servers/programs/redis-sentinel.ts";

export interface EnsembleFacts {
  readonly broker: string;
  /** Its settings that decide how long a failover takes, by their own names, in milliseconds. */
  readonly timeouts: Readonly<Record<string, number>>;
  /** From a leader's death until another leads; absent: nobody leads. */
  readonly election?: { readonly lowMs: number; readonly highMs: number; readonly formula: string };
  /** Sentence and place that says so. */
  readonly source: string;
}

/** For looking, asking and a machine that is shared with everything else. */
const graceMs = 1500;

const { "broker.session.timeout.ms": sessionMs, "broker.heartbeat.interval.ms": heartbeatMs } = kafkaTimeouts;
const { "controller.quorum.fetch.timeout.ms": fetchMs, "controller.quorum.election.timeout.ms": voteMs } =
  kafkaTimeouts;
const { "down-after-milliseconds": downMs } = sentinelTimeouts;
/** Of a Sentinel's pings and questions, and of the random delay before it stands for election (src/sentinel.c). */
const sentinelPeriodMs = 1000;
const { "cluster-node-timeout": nodeMs } = redisClusterTimeouts;
const replicaDelayMs = 1000;
const { minElectionTimeout, maxElectionTimeout, hbInterval } = natsRaftTimeouts;

export const ensembles: readonly EnsembleFacts[] = [
  {
    broker: "kafka-cluster",
    timeouts: kafkaTimeouts,
    election: {
      lowMs: sessionMs - heartbeatMs - 500,
      highMs: fetchMs + 2 * voteMs + sessionMs + heartbeatMs + graceMs,
      formula: `session time-out - one heartbeat ≤ election ≤ session time-out + one heartbeat, and where it was also the active controller first a fetch time-out and up to two votes: ${sessionMs} + ${heartbeatMs} + ${fetchMs} + 2 × ${voteMs} ms; grace ${graceMs} ms`,
    },
    source:
      "acks=all is answered when every replica in sync has the message, and refused with fewer than min.insync.replicas=2 (kafka.apache.org/documentation/#producerconfigs_acks)",
  },
  {
    broker: "jetstream-cluster",
    timeouts: natsRaftTimeouts,
    election: {
      lowMs: minElectionTimeout - hbInterval - 500,
      highMs: 2 * maxElectionTimeout + graceMs,
      formula: `a follower stands for election ${minElectionTimeout} to ${maxElectionTimeout} ms after the last heartbeat, one of which comes every ${hbInterval} ms; once more where the vote is split; grace ${graceMs} ms`,
    },
    source:
      "a stream of three replicas acknowledges what a quorum of them has stored (docs.nats.io/running-a-nats-service/configuration/clustering/jetstream_clustering)",
  },
  ...(["redis-streams-sentinel", "redis-sentinel"] as const).map((broker) => ({
    broker,
    timeouts: sentinelTimeouts,
    election: {
      lowMs: downMs - sentinelPeriodMs,
      highMs: downMs + 3 * sentinelPeriodMs + graceMs,
      formula: `down-after-milliseconds, counted from its last answer to a ping, which is asked for every ${sentinelPeriodMs} ms; then a start at random within ${sentinelPeriodMs} ms, votes, and up to two periods until the replica says that it is the master: ${downMs} + 3 × ${sentinelPeriodMs} ms; grace ${graceMs} ms`,
    },
    source:
      "Redis replicates after it has answered, so acknowledged writes may be lost in a failover (redis.io/docs/latest/operate/oss_and_stack/management/sentinel)",
  })),
  {
    broker: "redis-cluster",
    timeouts: redisClusterTimeouts,
    election: {
      lowMs: nodeMs / 2,
      highMs: 2 * nodeMs + replicaDelayMs + graceMs,
      formula: `half of cluster-node-timeout, after which a node that is silent is asked, ≤ election ≤ twice of it, until a majority of masters agrees, and the replica's delay of 500 ms and up to 500 ms by chance: 2 × ${nodeMs} + ${replicaDelayMs} ms; grace ${graceMs} ms`,
    },
    source:
      "a replica becomes the master of the shard when a majority of masters agrees; what is published is not kept (redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec)",
  },
  {
    broker: "nats-cluster",
    timeouts: {},
    source:
      "core NATS keeps nothing: clients of the server that died go to another, and what passed meanwhile is lost for them (docs.nats.io/nats-concepts/core-nats)",
  },
];

export const factsOf = (broker: string): EnsembleFacts | undefined => ensembles.find((each) => each.broker === broker);
