import { Admin } from "@platformatic/kafka";
import type { TopicsOfCluster } from "../broker/broker.ts";
import { clientOptions } from "./kafka-client.ts";

/** Nobody who is measured waits for it, and a broker that is busy takes its time. */
const answerWaitMs = 20_000;

/** The topics and the consumer groups of a cluster. */
export async function deleteKafkaTopics({ url, prefix }: TopicsOfCluster): Promise<void> {
  const admin = new Admin({
    ...clientOptions({ url, node: `${prefix}-removal` }),
    connectTimeout: answerWaitMs,
    timeout: answerWaitMs,
    requestTimeout: answerWaitMs,
  });
  try {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
    if (topics.length > 0) await admin.deleteTopics({ topics });
    const groups = [...(await admin.listGroups()).keys()].filter((group) => group.startsWith(prefix));
    // A node that was killed is a member until its session is over.
    for (const groupId of groups) await admin.removeMembersFromConsumerGroup({ groupId });
    if (groups.length > 0) await admin.deleteGroups({ groups });
  } finally {
    await admin.close();
  }
}
