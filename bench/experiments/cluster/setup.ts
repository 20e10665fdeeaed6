import { brokerNamed } from "../../../servers/cluster/brokers/brokers.ts";
import type { ClusterSettings, Setup } from "../../rigs/cluster/cluster-setup.ts";

const mebibyte = 1024 * 1024;

/** What a cell has unless it says otherwise: the healthy cluster of the settings, without a broker. */
export function setupOf(settings: ClusterSettings, own: Partial<Setup> = {}): Setup {
  return {
    protocol: settings.protocol,
    nodes: settings.nodes,
    spareNodes: 0,
    broker: "none",
    sharedConsumerGroup: false,
    balancer: settings.balancer ?? "haproxy",
    slowStartMs: 0,
    policy: settings.policy ?? "leastconn+cookie",
    shutdownSessions: true,
    state: "node",
    users: evenUsers(settings.users, own.nodes ?? settings.nodes),
    cookies: "kept",
    resume: false,
    backoff: { kind: "full-jitter", baseMs: 100, capMs: 2000 },
    payloadBytes: settings.payloadBytes,
    queueBytesMax: 4 * mebibyte,
    mayStayOut: false,
    connectConcurrent: 32,
    ...own,
  };
}

/** As many users as asked for, or a few more, so that an even spread gives each node the same number. */
export const evenUsers = (users: number, nodes: number): number => Math.ceil(users / nodes) * nodes;

/** Those asked for that are something between the nodes. */
export const realBrokers = ({ brokers }: ClusterSettings): readonly string[] =>
  brokers.filter((broker) => broker !== "none");

/** The broker an experiment uses that needs one but does not compare them: the first asked for. */
export const anyBroker = ({ brokers }: ClusterSettings): string => brokers[0] ?? "memory";

/** Whether a user that comes back can be given what it missed. */
export const hasHistory = (broker: string): boolean => brokerNamed(broker).traits.history;
