/**
 * Who is to blame for a missing delivery: pure, and by custody alone. A message passes from its publisher to a node, to
 * the broker, to the recipient's node, to the load balancer and to the users; whoever had it last lost it, unless it was
 * made to by somebody else. No evidence, no accusation: then the cause is unknown, and says why.
 */
import type { Outage } from "../../../load/channel/channel-users-api.ts";
import type { NodeTransition } from "../../../servers/cluster/balancer/balancer.ts";
import type { CustodyAnswer, DeliveryFate, Leaving } from "../../../servers/cluster/node/custody.ts";
import type { Cause, Evidence, MissingDelivery } from "./evidence.ts";

/** A time-out is the machine's doing if a process waited for a core for so much of the time before it. */
const starvedShare = 0.25;
/** And longer than this part of the time it ran: one that runs all the time is busy with its own. */
const starvedOverRan = 0.5;
/** Or its own, if it ran for so much. */
const busyShare = 0.5;
/** The time a health check has, and one interval between two. */
const checkedWithinNs = 2.2e9;
/** The time a heartbeat between node and broker has. */
const heartbeatNs = 3.3e9;
/** One end of a connection notices what the other did, and the driver what it is told, within that on a busy machine. */
const hearsayNs = 2e9;

/** As a user gives the reason of an outage. */
const endedByUser = /^ended by the client/;

const unknown = (subject: string, why: string): Cause => ({ culprit: "unknown", subject, ordered: false, why });

/** `index`: the place of the delivery in what the nodes were asked. */
export function causeOf(delivery: MissingDelivery, index: number, evidence: Evidence): Cause {
  return new Inquiry(delivery, index, evidence).verdict();
}

/** Why a user was cut off: also where nothing is missing. */
export function causeOfOutage(outage: Outage, evidence: Evidence): Cause {
  const { node } = outage;
  const leaving = leavingsAt(evidence, node).find(
    ({ user, atNs }) => user === outage.user && Math.abs(atNs - outage.disconnectedNs) < hearsayNs,
  );
  return new Cuts(evidence).cause(outage, leaving);
}

/** Nodes that lost their link to the broker because a process had no core; the broker is innocent of what followed. */
export function starvedLinks(evidence: Evidence): Cause[] {
  const cuts = new Cuts(evidence);
  return [...evidence.custody].flatMap(([node, answer]) => {
    const lost = "silent" in answer ? [] : answer.link.filter(({ status }) => status === "lost");
    const causes = lost.map(({ atNs }) => cuts.ofBroker(node, atNs, "was lost"));
    return causes.filter(({ culprit }) => culprit === "machine").slice(0, 1);
  });
}

class Inquiry {
  readonly #delivery: MissingDelivery;
  readonly #index: number;
  readonly #evidence: Evidence;
  readonly #cuts: Cuts;

  constructor(delivery: MissingDelivery, index: number, evidence: Evidence) {
    this.#delivery = delivery;
    this.#index = index;
    this.#evidence = evidence;
    this.#cuts = new Cuts(evidence);
  }

  verdict(): Cause {
    const fates = [...this.#evidence.custody.keys()].map((node) => [node, this.#fateAt(node)] as const);
    const handing = fates.find(([, fate]) => fate === "handed")?.[0];
    if (handing !== undefined) return this.#handed(handing);
    const reachedANode = fates.some(([, fate]) => fate === "not-attached");
    return reachedANode ? this.#notHanded() : this.#nowhere();
  }

  /** Written to the user's connection, and not read from it. */
  #handed(node: string): Cause {
    const { user, sentNs, recipientNode, recipientEndedNs } = this.#delivery;
    // What stood still hands what it finds to connections that others ended long ago.
    if (recipientNode === undefined) return this.#away();
    // A connection keeps the order: what came later was read only if this was. So it was on the way to the end.
    const outage = recipientEndedNs === undefined ? undefined : this.#outageAfter(user, sentNs);
    if (outage !== undefined) return causeOfOutage(outage, this.#evidence);
    if (this.#evidence.corruptedDeliveries > 0) return unknown("users", "received what was not what was published");
    const why = `did not read what ${node} had written to an intact connection`;
    return this.#cuts.starved("users", sentNs, sentNs + hearsayNs)
      ? machine("the users' process", why)
      : { culprit: "users", subject: "the users' process", ordered: this.#cuts.isOrdered("users", sentNs), why };
  }

  /** Some node has it, and none handed it to this user. */
  #notHanded(): Cause {
    const { user, sentNs, recipientNode, recipientEndedNs } = this.#delivery;
    if (recipientNode === undefined) return this.#away();
    const fate = this.#fateAt(recipientNode);
    if (fate === "unseen") return this.#cuts.ofBroker(recipientNode, sentNs, `did not hand it to ${recipientNode}`);
    const outage = recipientEndedNs === undefined ? undefined : this.#outageAfter(user, sentNs);
    if (outage !== undefined) return causeOfOutage(outage, this.#evidence);
    if (fate !== "not-attached") return this.#silent(recipientNode);
    const why = "had the message, and did not hand it to a user of its own";
    return this.#cuts.ofNode(recipientNode, sentNs, why);
  }

  /** No node ever received it from the broker. */
  #nowhere(): Cause {
    const { publisher, publisherNode, sentNs, answer, recipientNode } = this.#delivery;
    const custody = this.#evidence.custody.get(publisherNode);
    const fate = custody !== undefined && "publications" in custody ? this.#publicationAt(custody) : undefined;
    const broker = (why: string): Cause => this.#cuts.ofBroker(publisherNode, sentNs, why);
    switch (fate) {
      case "accepted":
        return recipientNode === undefined || this.#fateAt(recipientNode) === "unseen"
          ? broker("accepted it, and handed it to no node")
          : this.#silent(recipientNode);
      case "refused":
        return broker(`did not take it from ${publisherNode}`);
      case "congested":
        return this.#congested();
      case "waiting":
        return broker("never answered the publication");
      case "too-large":
        return this.#cuts.ofNode(publisherNode, sentNs, "refused a message that is too large");
      case "unseen": {
        const outage = this.#outageAfter(publisher, sentNs);
        if (outage !== undefined) return causeOfOutage(outage, this.#evidence);
        const why = `did not bring it to ${publisherNode}`;
        return this.#cuts.starved("users", sentNs, sentNs + hearsayNs)
          ? machine("the users' process", why)
          : this.#cuts.ofBalancer(sentNs, why);
      }
      default:
        // Its node tells nothing: what the users know is all there is.
        if (answer === "rejected") return broker(`did not take it from ${publisherNode}`);
        return answer === "accepted" ? this.#lostOnTheWayBack() : this.#lostOnTheWayThere();
    }
  }

  /** Too much waited for the broker: it is slow, or somebody had no core. */
  #congested(): Cause {
    const { publisherNode, sentNs } = this.#delivery;
    const why = "took publications more slowly than they came";
    const { broker } = this.#evidence;
    const starved = [broker, publisherNode].find((one) => this.#cuts.starved(one, sentNs - heartbeatNs, sentNs));
    const cause = this.#cuts.ofBroker(publisherNode, sentNs, why);
    return cause.ordered || starved === undefined ? cause : machine(broker, `${why}, since ${starved} had no core`);
  }

  /** The broker has it, and no node remembers it: its recipient was away or cut off, or nobody knows. */
  #lostOnTheWayBack(): Cause {
    const { user, sentNs, publisherNode, recipientNode, recipientEndedNs } = this.#delivery;
    if (recipientNode === undefined) return this.#away();
    const outage = recipientEndedNs === undefined ? undefined : this.#outageAfter(user, sentNs);
    const cause = outage && causeOfOutage(outage, this.#evidence);
    return cause ?? this.#cuts.deathOf(publisherNode, sentNs) ?? this.#silent(recipientNode);
  }

  /** Its publisher heard nothing, and its node remembers nothing: they were parted, or nobody knows. */
  #lostOnTheWayThere(): Cause {
    const { publisher, publisherNode, sentNs } = this.#delivery;
    const outage = this.#outageAfter(publisher, sentNs);
    return outage === undefined ? this.#silent(publisherNode) : causeOfOutage(outage, this.#evidence);
  }

  /** The recipient had no connection when it was sent. */
  #away(): Cause {
    const { user, sentNs } = this.#delivery;
    const { outages } = this.#evidence;
    if (outages === undefined) return unknown("users", "had too many outages to list");
    const outage = outages.findLast(
      ({ user: cut, disconnectedNs, reconnectedNs }) =>
        cut === user && disconnectedNs <= sentNs && (reconnectedNs ?? Number.POSITIVE_INFINITY) >= sentNs,
    );
    return outage === undefined
      ? this.#cuts.ofBalancer(sentNs, "had not let the user in")
      : causeOfOutage(outage, this.#evidence);
  }

  /** The first end of the user's connections after it; undefined if there was none. */
  #outageAfter(user: number, sentNs: number): Outage | undefined {
    return this.#evidence.outages?.find(({ user: cut, disconnectedNs }) => cut === user && disconnectedNs >= sentNs);
  }

  #silent(node: string): Cause {
    const custody = this.#evidence.custody.get(node);
    const why = custody !== undefined && "silent" in custody ? custody.silent : "no longer knows what became of it";
    const fault = this.#cuts.faultOf(node, this.#delivery.sentNs, this.#delivery.sentNs + hearsayNs);
    if (fault !== undefined) return { culprit: "node", subject: node, ordered: true, why: fault.what };
    return this.#cuts.deathOf(node, this.#delivery.sentNs) ?? unknown(node, why);
  }

  #publicationAt(custody: CustodyAnswer): CustodyAnswer["publications"][number] {
    const fate = custody.publications[this.#index] ?? "forgotten";
    return fate === "unseen" && custody.sinceNs > this.#delivery.sentNs ? "forgotten" : fate;
  }

  #fateAt(node: string): DeliveryFate | undefined {
    const custody = this.#evidence.custody.get(node);
    if (custody === undefined || "silent" in custody) return undefined;
    const fate = custody.deliveries[this.#index] ?? "forgotten";
    // A node that was started since knows nothing of what its predecessor did.
    return fate === "unseen" && custody.sinceNs > this.#delivery.sentNs ? "forgotten" : fate;
  }
}

/** Why connections and links end. */
class Cuts {
  readonly #evidence: Evidence;

  constructor(evidence: Evidence) {
    this.#evidence = evidence;
  }

  cause({ node, disconnectedNs: atNs, reason }: Outage, leaving: Leaving | undefined): Cause {
    const down = this.#downOf(node, atNs);
    const markedDown = down && this.#markedDown(down, atNs);
    const fault = this.faultOf(node, atNs);
    if (fault !== undefined) {
      // What was slowed down on purpose may have had no core either; one that is dead or frozen does not wait for any.
      const starved = this.starved(node, atNs - checkedWithinNs, atNs);
      if (starved && markedDown?.culprit === "machine") return markedDown;
      return { culprit: "node", subject: node, ordered: true, why: fault.what };
    }
    const own = this.deathOf(node, atNs) ?? this.#byTheNode(node, atNs, leaving);
    if (own !== undefined) return own;
    // Whatever was done to the load balancer: its check failed because nobody could have answered it.
    if (markedDown?.culprit === "machine") return markedDown;
    const ordered = this.faultOf(this.#evidence.balancer, atNs);
    if (ordered !== undefined) return this.ofBalancer(atNs, ordered.what);
    if (markedDown !== undefined) return markedDown;
    if (endedByUser.test(reason)) return this.#ofUsers(atNs, "ended a connection itself");
    return this.ofBalancer(atNs, "ended the connection");
  }

  /** It ended by itself about then. */
  deathOf(node: string, atNs: number): Cause | undefined {
    const death = this.#evidence.deaths.find((one) => one.node === node && Math.abs(one.atNs - atNs) < hearsayNs);
    return death && { culprit: "node", subject: node, ordered: false, why: `died: ${death.how}` };
  }

  /** The link between `node` and the broker did not carry a message then. */
  ofBroker(node: string, atNs: number, why: string): Cause {
    const { broker } = this.#evidence;
    const of = (ordered: boolean, said: string): Cause => ({ culprit: "broker", subject: broker, ordered, why: said });
    if (broker === "none") {
      const none = "passes messages from node to node";
      return { culprit: "broker", subject: "no broker", ordered: true, why: none };
    }
    const fault = this.faultOf(broker, atNs, atNs + hearsayNs);
    if (fault !== undefined) return of(true, fault.what);
    const parted = this.faultOf(node, atNs, atNs + hearsayNs);
    if (parted !== undefined) return of(true, `parted from ${node}: ${parted.what}`);
    return this.#lostByStarvation(node, atNs) ?? of(false, why);
  }

  ofNode(node: string, atNs: number, why: string): Cause {
    return { culprit: "node", subject: node, ordered: this.isOrdered(node, atNs), why };
  }

  ofBalancer(atNs: number, why: string): Cause {
    const { balancer } = this.#evidence;
    return { culprit: "load-balancer", subject: balancer, ordered: this.isOrdered(balancer, atNs), why };
  }

  isOrdered(subject: string, atNs: number): boolean {
    return this.faultOf(subject, atNs, atNs + hearsayNs) !== undefined;
  }

  /** The one under way then, or begun before it was noticed; an action only where nothing was broken before it. */
  faultOf(subject: string, atNs: number, noticedNs = atNs) {
    const underWay = this.#evidence.faults.filter(
      (fault) => fault.subject === subject && fault.atNs <= noticedNs && atNs <= fault.untilNs,
    );
    return underWay.findLast(({ kind }) => kind === "fault") ?? underWay.at(-1);
  }

  /** It wanted to run and had no core for a good part of the time, beside what it ran. */
  starved(subject: string, fromNs: number, toNs: number): boolean {
    const times = this.#evidence.coreTimes(subject, fromNs, toNs);
    if (times === undefined) return false;
    const { waitedMs, ranMs } = times;
    return waitedMs >= (starvedShare * (toNs - fromNs)) / 1e6 && waitedMs >= starvedOverRan * ranMs;
  }

  #ofUsers(atNs: number, why: string): Cause {
    const subject = "the users' process";
    return this.starved("users", atNs - heartbeatNs, atNs)
      ? machine(subject, why)
      : { culprit: "users", subject, ordered: this.isOrdered("users", atNs), why };
  }

  #byTheNode(node: string, atNs: number, leaving: Leaving | undefined): Cause | undefined {
    switch (leaving?.why) {
      case "slow":
        return this.#ofUsers(atNs, `did not read, so that ${node} gave a user up`);
      case "moved":
        return { culprit: "node", subject: node, ordered: true, why: "was told to move its users elsewhere" };
      case "closed-by-node":
        return { culprit: "node", subject: node, ordered: false, why: "closed the connection" };
      default:
        return undefined;
    }
  }

  #downOf(node: string, atNs: number): NodeTransition | undefined {
    return this.#evidence.transitions.find(
      (one) => one.node === node && one.to === "down" && Math.abs(one.atNs - atNs) < hearsayNs,
    );
  }

  /** A node that was taken out by its health check: was it ill, its broker away, or the machine too busy to ask it? */
  #markedDown({ node, why }: NodeTransition, atNs: number): Cause {
    const { balancer } = this.#evidence;
    if (why === "not-ready") return this.ofBroker(node, atNs, `was away, so that ${node} was not ready`);
    if (why !== "timeout") return this.ofNode(node, atNs, "refused its health check");
    const fromNs = atNs - checkedWithinNs;
    const starved = [node, balancer].find((subject) => this.starved(subject, fromNs, atNs));
    if (starved !== undefined) {
      const whom = starved === node ? "it" : starved;
      return machine(node, `was taken out by ${balancer}, since ${whom} had no core when its health was checked`);
    }
    const { ranMs = 0 } = this.#evidence.coreTimes(node, fromNs, atNs) ?? {};
    if (ranMs >= (busyShare * checkedWithinNs) / 1e6) return this.ofNode(node, atNs, "was too busy for a health check");
    return this.ofBalancer(atNs, `took out ${node}, which did not answer one health check in time`);
  }

  #lostByStarvation(node: string, atNs: number): Cause | undefined {
    const { broker, custody } = this.#evidence;
    const answer = custody.get(node);
    if (answer === undefined || "silent" in answer) return undefined;
    const lost = answer.link.find(({ status, atNs: lostNs }, index) => {
      const liveNs = answer.link[index + 1]?.atNs ?? Number.POSITIVE_INFINITY;
      return status === "lost" && lostNs - heartbeatNs <= atNs && atNs <= liveNs + hearsayNs;
    });
    if (lost === undefined) return undefined;
    const starved = [node, broker].find((subject) => this.starved(subject, lost.atNs - heartbeatNs, lost.atNs));
    if (starved === undefined) return undefined;
    return machine(node, `lost its link to ${broker}, since ${starved} had no core to answer in time`);
  }
}

const machine = (subject: string, why: string): Cause => ({ culprit: "machine", subject, ordered: false, why });

function leavingsAt({ custody }: Evidence, node: string): readonly Leaving[] {
  const answer = custody.get(node);
  return answer === undefined || "silent" in answer ? [] : answer.leavings;
}
