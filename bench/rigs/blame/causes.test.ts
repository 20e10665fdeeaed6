/** Who is to blame, as a table: one row for each link of the chain that may break, and for each that is broken on purpose. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outage } from "../../../load/channel/channel-users-api.ts";
import type { NodeTransition } from "../../../servers/cluster/balancer/balancer.ts";
import type {
  CustodyAnswer,
  DeliveryFate,
  LeavingReason,
  PublicationFate,
} from "../../../servers/cluster/node/custody.ts";
import { causeOf } from "./causes.ts";
import type { Culprit, Evidence, MissingDelivery, OrderedFault } from "./evidence.ts";
import { judge, metricOfCulprit } from "./judgement.ts";

/** Sent at second 10, from node-1 to a user of node-2. */
const sentNs = 10e9;
const sent: MissingDelivery = {
  publisher: 0,
  sequence: 0,
  user: 7,
  sentNs,
  answer: "accepted",
  publisherNode: "node-1",
  recipientNode: "node-2",
  recipientStayed: true,
};
const away = { recipientNode: undefined, recipientStayed: false } as unknown as Partial<MissingDelivery>;
const cutAfterwards = { recipientStayed: false, recipientEndedNs: sentNs + 1e6 };

interface Known {
  readonly delivery?: Partial<MissingDelivery>;
  readonly published?: PublicationFate | "forgotten";
  /** To the recipient: at node-1, where only the publisher is, and at its own, node-2. */
  readonly delivered?: readonly [DeliveryFate, DeliveryFate];
  readonly left?: LeavingReason;
  /** Of the recipient from node-2, so many seconds after the sending. */
  readonly outageAfterS?: number;
  readonly publisherOutage?: boolean;
  readonly silent?: "node-1" | "node-2";
  readonly startedAgain?: boolean;
  readonly fault?: string;
  readonly repaired?: boolean;
  /** The node ended by itself half a second after the sending. */
  readonly died?: "node-1" | "node-2";
  readonly down?: NodeTransition["why"];
  /** Had no core all the time. */
  readonly starved?: string;
  readonly busy?: string;
  readonly linkLost?: boolean;
  readonly corrupted?: boolean;
  readonly broker?: string;
}

function evidenceOf(known: Known): Evidence {
  const { published = "unseen", delivered = ["unseen", "unseen"], silent, outageAfterS } = known;
  const outageNs = sentNs + (outageAfterS ?? 0) * 1e9;
  const answer = (node: 0 | 1): CustodyAnswer => ({
    sinceNs: known.startedAgain && node === 1 ? sentNs + 5e9 : 0,
    publications: [node === 0 ? published : "unseen"],
    deliveries: [delivered[node]],
    leavings: known.left && node === 1 ? [{ user: 7, atNs: outageNs, why: known.left }] : [],
    link: known.linkLost ? [{ atNs: sentNs + 1e9, status: "lost" }] : [],
  });
  const custodyOf = (name: string, node: 0 | 1) => (silent === name ? { silent: "does not run" } : answer(node));
  const outage = (user: number, node: string, disconnectedNs: number): Outage => ({
    user,
    node,
    disconnectedNs,
    reason: "cut",
    attempts: 1,
    reconnectedNs: disconnectedNs + 5e9,
  });
  const fault: OrderedFault | undefined =
    known.fault === undefined
      ? undefined
      : {
          subject: known.fault,
          kind: "fault",
          what: "broken",
          atNs: known.repaired ? 0 : sentNs - 1e8,
          untilNs: known.repaired ? 5e9 : Number.POSITIVE_INFINITY,
        };
  return {
    custody: new Map([
      ["node-1", custodyOf("node-1", 0)],
      ["node-2", custodyOf("node-2", 1)],
    ]),
    broker: known.broker ?? "redis",
    balancer: "haproxy",
    faults: fault === undefined ? [] : [fault],
    deaths: known.died === undefined ? [] : [{ node: known.died, atNs: sentNs + 5e8, how: "ended with exit code 1" }],
    transitions: known.down === undefined ? [] : [{ atNs: outageNs, node: "node-2", to: "down", why: known.down }],
    outages: [
      ...(outageAfterS === undefined ? [] : [outage(7, "node-2", outageNs)]),
      ...(known.publisherOutage ? [outage(0, "node-1", sentNs + 1e6)] : []),
    ],
    corruptedDeliveries: known.corrupted ? 1 : 0,
    coreTimes: (subject, fromNs, toNs) => {
      const ms = (toNs - fromNs) / 1e6;
      if (subject === known.starved) return { ranMs: 0.1 * ms, waitedMs: 0.8 * ms };
      return { ranMs: subject === known.busy ? 0.9 * ms : 0.05 * ms, waitedMs: 0 };
    },
  };
}

const received = ["not-attached", "unseen"] as const;
const handed = ["not-attached", "handed"] as const;

const table: [string, Known, Culprit, "as ordered" | "by itself", RegExp?][] = [
  // The publication.
  [
    "the broker took it and gave it to nobody",
    { published: "accepted" },
    "broker",
    "by itself",
    /handed it to no node/,
  ],
  [
    "the broker was killed",
    { published: "refused", delivery: { answer: "rejected" }, fault: "redis" },
    "broker",
    "as ordered",
  ],
  ["the broker refused it", { published: "refused", delivery: { answer: "rejected" } }, "broker", "by itself"],
  [
    "the broker was too slow",
    { published: "congested", delivery: { answer: "rejected" } },
    "broker",
    "by itself",
    /slowly/,
  ],
  ["the broker never answered", { published: "waiting", delivery: { answer: "none" } }, "broker", "by itself"],
  ["the node refused it", { published: "too-large", delivery: { answer: "rejected" } }, "node", "by itself"],
  ["the way to the node lost it", { delivery: { answer: "none" } }, "load-balancer", "by itself", /bring it to node-1/],
  [
    "the users' process had no core to send it",
    { delivery: { answer: "none" }, starved: "users" },
    "machine",
    "by itself",
  ],
  [
    "the load balancer cut its publisher",
    { delivery: { answer: "none" }, publisherOutage: true, fault: "haproxy" },
    "load-balancer",
    "as ordered",
  ],
  [
    "its publisher's node was killed with it",
    { delivery: { answer: "none" }, silent: "node-1", fault: "node-1" },
    "node",
    "as ordered",
  ],
  [
    "its publisher's node says nothing of it",
    { delivery: { answer: "none" }, silent: "node-1" },
    "unknown",
    "by itself",
    /node-1 does not run/,
  ],
  [
    "all that is known is that it was rejected",
    { delivery: { answer: "rejected" }, silent: "node-1" },
    "broker",
    "by itself",
  ],
  ["it is too long ago", { published: "forgotten", delivered: ["forgotten", "forgotten"] }, "unknown", "by itself"],
  [
    "nobody remembers it, and the recipient was away",
    {
      published: "forgotten",
      delivered: ["forgotten", "forgotten"],
      delivery: away,
      outageAfterS: -0.05,
      fault: "node-2",
    },
    "node",
    "as ordered",
  ],
  [
    "nobody remembers it, and the publisher was cut off",
    {
      published: "forgotten",
      delivered: ["forgotten", "forgotten"],
      delivery: { answer: "none" },
      publisherOutage: true,
      fault: "haproxy",
    },
    "load-balancer",
    "as ordered",
  ],
  [
    "the broker was too slow for want of a core",
    { published: "congested", delivery: { answer: "rejected" }, starved: "redis" },
    "machine",
    "by itself",
    /since redis had no core/,
  ],
  // The link from the broker.
  [
    "the recipient's node never got it",
    { published: "accepted", delivered: received },
    "broker",
    "by itself",
    /hand it to node-2/,
  ],
  [
    "that node was cut off from the broker",
    { published: "accepted", delivered: received, fault: "node-2" },
    "broker",
    "as ordered",
  ],
  [
    "its link was lost since it had no core",
    { published: "accepted", delivered: received, linkLost: true, starved: "node-2" },
    "machine",
    "by itself",
    /lost its link to redis/,
  ],
  [
    "its link was lost since the broker had none",
    { published: "accepted", delivered: received, linkLost: true, starved: "redis" },
    "machine",
    "by itself",
  ],
  [
    "its link was lost, and nobody was starved",
    { published: "accepted", delivered: received, linkLost: true },
    "broker",
    "by itself",
  ],
  [
    "somebody else being starved excuses nobody",
    { published: "accepted", delivered: received, linkLost: true, starved: "node-1" },
    "broker",
    "by itself",
  ],
  ["there is no broker", { published: "accepted", delivered: received, broker: "none" }, "broker", "as ordered"],
  // The node and its user.
  [
    "the node had it and did not hand it on",
    { published: "accepted", delivered: ["not-attached", "not-attached"] },
    "node",
    "by itself",
    /did not hand it to a user/,
  ],
  [
    "the users' process did not read it",
    { published: "accepted", delivered: handed },
    "users",
    "by itself",
    /did not read/,
  ],
  [
    "the publisher's node died with it",
    { silent: "node-1", died: "node-1" },
    "node",
    "by itself",
    /ended with exit code 1/,
  ],
  [
    "a node that died had it",
    { published: "accepted", silent: "node-2", delivery: cutAfterwards, outageAfterS: 0.5, died: "node-2" },
    "node",
    "by itself",
    /ended with exit code 1/,
  ],
  ["it was stopped on purpose", { published: "accepted", delivered: handed, fault: "users" }, "users", "as ordered"],
  ["it had no core", { published: "accepted", delivered: handed, starved: "users" }, "machine", "by itself"],
  [
    "something else arrived instead",
    { published: "accepted", delivered: handed, corrupted: true },
    "unknown",
    "by itself",
  ],
  // The connection was cut, with the message on it or before it came.
  [
    "the load balancer was killed",
    {
      published: "accepted",
      delivered: handed,
      delivery: cutAfterwards,
      outageAfterS: 0.001,
      left: "peer",
      fault: "haproxy",
    },
    "load-balancer",
    "as ordered",
  ],
  [
    "the load balancer cut it by itself",
    { published: "accepted", delivered: handed, delivery: cutAfterwards, outageAfterS: 0.001, left: "peer" },
    "load-balancer",
    "by itself",
  ],
  [
    "a fault that was repaired long ago excuses nobody",
    {
      published: "accepted",
      delivered: handed,
      delivery: cutAfterwards,
      outageAfterS: 0.001,
      left: "peer",
      fault: "haproxy",
      repaired: true,
    },
    "load-balancer",
    "by itself",
  ],
  [
    "the node was killed",
    {
      published: "accepted",
      delivered: received,
      delivery: cutAfterwards,
      outageAfterS: 0.001,
      silent: "node-2",
      fault: "node-2",
    },
    "node",
    "as ordered",
  ],
  [
    "the node was killed and started again",
    {
      published: "accepted",
      delivered: received,
      delivery: cutAfterwards,
      outageAfterS: 0.001,
      startedAgain: true,
      fault: "node-2",
    },
    "node",
    "as ordered",
  ],
  [
    "the node was slowed down, and had no core when its health was checked",
    {
      published: "accepted",
      delivered: handed,
      delivery: cutAfterwards,
      outageAfterS: 0.001,
      fault: "node-2",
      down: "timeout",
      starved: "node-2",
    },
    "machine",
    "by itself",
    /since it had no core/,
  ],
  [
    "the node was frozen, and the load balancer that checked it had no core",
    {
      published: "accepted",
      delivered: handed,
      delivery: cutAfterwards,
      outageAfterS: 0.001,
      fault: "node-2",
      down: "timeout",
      starved: "haproxy",
    },
    "node",
    "as ordered",
  ],
  [
    "the user was still away",
    {
      published: "accepted",
      delivered: ["not-attached", "not-attached"],
      delivery: away,
      outageAfterS: -0.05,
      fault: "node-2",
    },
    "node",
    "as ordered",
  ],
  [
    "the user never got in",
    { published: "accepted", delivered: ["not-attached", "not-attached"], delivery: away },
    "load-balancer",
    "by itself",
    /not let the user in/,
  ],
  [
    "the node gave its user up",
    { published: "accepted", delivered: handed, delivery: cutAfterwards, outageAfterS: 0.001, left: "slow" },
    "users",
    "by itself",
  ],
  [
    "the node closed it",
    { published: "accepted", delivered: handed, delivery: cutAfterwards, outageAfterS: 0.001, left: "closed-by-node" },
    "node",
    "by itself",
  ],
  [
    "the node was drained",
    { published: "accepted", delivered: handed, delivery: cutAfterwards, outageAfterS: 0.001, left: "moved" },
    "node",
    "as ordered",
  ],
  [
    "the load balancer was killed long after, and it was still on the way",
    {
      published: "accepted",
      delivered: handed,
      delivery: { recipientStayed: true, recipientEndedNs: sentNs + 3e9 },
      outageAfterS: 3,
      left: "peer",
      fault: "haproxy",
    },
    "load-balancer",
    "as ordered",
  ],
  // Health checks.
  [
    "a node without its broker was taken out",
    {
      published: "accepted",
      delivered: ["not-attached", "not-attached"],
      delivery: away,
      outageAfterS: -0.5,
      left: "peer",
      down: "not-ready",
      fault: "redis",
    },
    "broker",
    "as ordered",
  ],
  [
    "a node without a core was taken out",
    {
      published: "accepted",
      delivered: ["not-attached", "not-attached"],
      delivery: away,
      outageAfterS: -0.5,
      left: "peer",
      down: "timeout",
      starved: "node-2",
    },
    "machine",
    "by itself",
    /node-2 was taken out by haproxy/,
  ],
  [
    "so was one whose load balancer had none",
    {
      published: "accepted",
      delivered: ["not-attached", "not-attached"],
      delivery: away,
      outageAfterS: -0.5,
      left: "peer",
      down: "timeout",
      starved: "haproxy",
    },
    "machine",
    "by itself",
  ],
  [
    "a node that had no core was taken out by a load balancer that had been reloaded",
    {
      published: "accepted",
      delivered: handed,
      delivery: cutAfterwards,
      outageAfterS: 0.001,
      left: "peer",
      down: "timeout",
      starved: "node-2",
      fault: "haproxy",
    },
    "machine",
    "by itself",
  ],
  [
    "a node that was busy with its own was taken out",
    {
      published: "accepted",
      delivered: ["not-attached", "not-attached"],
      delivery: away,
      outageAfterS: -0.5,
      left: "peer",
      down: "timeout",
      busy: "node-2",
    },
    "node",
    "by itself",
  ],
  [
    "a healthy one was",
    {
      published: "accepted",
      delivered: ["not-attached", "not-attached"],
      delivery: away,
      outageAfterS: -0.5,
      left: "peer",
      down: "timeout",
    },
    "load-balancer",
    "by itself",
  ],
  [
    "a frozen one handed it, when it was thawed, to a connection that had ended",
    { published: "accepted", delivered: handed, delivery: away, outageAfterS: -0.05, fault: "node-2" },
    "node",
    "as ordered",
  ],
  [
    "a frozen one was",
    {
      published: "accepted",
      delivered: ["not-attached", "unseen"],
      delivery: cutAfterwards,
      outageAfterS: 0.001,
      down: "timeout",
      fault: "node-2",
      silent: "node-2",
    },
    "node",
    "as ordered",
  ],
];

for (const [name, known, culprit, ordered, says] of table) {
  test(`${name}: ${culprit}, ${ordered}`, () => {
    const { recipientNode, ...delivery } = { ...sent, ...known.delivery };
    const asked = recipientNode === undefined ? delivery : { ...delivery, recipientNode };
    const cause = causeOf(asked, 0, evidenceOf(known));
    assert.deepEqual([cause.culprit, cause.ordered], [culprit, ordered === "as ordered"], cause.why);
    assert.match(`${cause.subject} ${cause.why}`, says ?? /./);
  });
}

test("every missing delivery has one cause, whatever is known of it, and only what was not ordered is a flag", () => {
  for (const [, known] of table) {
    const evidence = evidenceOf(known);
    const { counts, flags, ordered } = judge([{ ...sent, ...known.delivery }], 3, evidence);
    const sum = Object.values(counts).reduce((total, count) => total + count, 0);
    assert.equal(sum, 4, "the three beyond the list are of unknown cause");
    assert.ok(counts.missingOfUnknownCauseDeliveries >= 3);
    const accused = flags.filter(({ message }) => message.startsWith("1 of 4"));
    assert.equal(accused.length + ordered.length, 1);
    assert.ok(flags.some(({ message }) => message.includes("the first 1 only")));
  }
});

test("what wirebench or the machine lost makes the number untrue, what the system lost is a defect of it", () => {
  const severityOf = (known: Known) => judge([{ ...sent, ...known.delivery }], 0, evidenceOf(known)).flags[0]!;
  const lost = { published: "accepted", delivered: handed } as const;
  assert.deepEqual(pick(severityOf(lost)), ["missing-due-to-users", "fatal", "wirebench"]);
  assert.deepEqual(pick(severityOf({ ...lost, starved: "users" })), ["missing-due-to-machine", "fatal", "machine"]);
  assert.deepEqual(pick(severityOf({ published: "accepted" })), ["missing-due-to-broker", "defect", "target"]);
});

const pick = ({ code, severity, cause }: { code: string; severity: string; cause: string }) => [code, severity, cause];

test("a cut or a lost link for want of a core is told even if nothing is missing", () => {
  const known: Known = { outageAfterS: -0.5, left: "peer", down: "timeout", starved: "node-2", linkLost: true };
  const codes = judge([], 0, evidenceOf(known)).flags.map(({ code }) => code);
  assert.deepEqual(codes, ["cut-by-starvation", "link-lost-by-starvation"]);
  assert.deepEqual(judge([], 0, evidenceOf({ ...known, starved: "" })).flags, []);
  assert.equal(Object.keys(metricOfCulprit).length, 6);
});
