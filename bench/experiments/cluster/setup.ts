import type { BrokerName } from "../../../results/contract/cluster-results.ts";
import type { ClusterSettings, Setup } from "../../rigs/cluster/cluster-setup.ts";

const mebibyte = 1024 * 1024;

/** What an arm has unless it says otherwise: the healthy cluster of the settings, without a broker. */
export function setupOf(settings: ClusterSettings, own: Partial<Setup> = {}): Setup {
  return {
    protocol: settings.protocol,
    nodes: settings.nodes,
    spareNodes: 0,
    broker: "none",
    sharedConsumerGroup: false,
    policy: settings.policy ?? "sticky",
    shutdownSessions: true,
    state: "node",
    users: evenUsers(settings.users, own.nodes ?? settings.nodes),
    cookies: "kept",
    resume: false,
    backoff: { kind: "full-jitter", baseMs: 100, capMs: 2000 },
    payloadBytes: settings.payloadBytes,
    queueBytesMax: 4 * mebibyte,
    mayStayOut: false,
    gatherConcurrent: 32,
    ...own,
  };
}

/** As many users as asked for, or a few more, so that an even spread gives each node the same number. */
export const evenUsers = (users: number, nodes: number): number => Math.ceil(users / nodes) * nodes;

/** The broker an experiment uses that needs one but does not compare them: the first asked for. */
export const anyBroker = ({ brokers }: ClusterSettings): BrokerName => brokers[0] ?? "memory";
