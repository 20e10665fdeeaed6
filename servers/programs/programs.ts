/** All programs of others there are: a record each, in a file of its own. */
import { chromium } from "./chromium.ts";
import { ejabberd } from "./ejabberd.ts";
import { haproxy } from "./haproxy.ts";
import { kafka } from "./kafka.ts";
import { kafkaCluster } from "./kafka-cluster.ts";
import { mosquitto } from "./mosquitto.ts";
import { nats } from "./nats.ts";
import { natsCluster } from "./nats-cluster.ts";
import { nginx } from "./nginx.ts";
import { postgres } from "./postgres.ts";
import type { Program } from "./program.ts";
import { prosody } from "./prosody.ts";
import { rabbitmq } from "./rabbitmq.ts";
import { redis } from "./redis.ts";
import { redisCluster } from "./redis-cluster.ts";
import { redisSentinel } from "./redis-sentinel.ts";
import { valkey } from "./valkey.ts";

export const programs: readonly Program[] = [
  haproxy,
  nginx,
  redis,
  nats,
  kafka,
  rabbitmq,
  postgres,
  mosquitto,
  valkey,
  prosody,
  ejabberd,
  chromium,
];

/** Several processes of one of them, started together as one broker: nothing else to find or to install. */
export const ensembles: readonly Program[] = [redisSentinel, redisCluster, natsCluster, kafkaCluster];

/** Throws for a name that is none: names come from this project, not from users. */
export function programNamed(name: string): Program {
  const program = [...programs, ...ensembles].find((each) => each.name === name);
  if (program === undefined) throw new Error(`no program is called ${name}`);
  return program;
}
