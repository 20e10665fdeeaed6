/** What every broker must do when its server crashes, hangs, or cannot be reached. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { descendantsOf } from "../../../servers/programs/descendants.ts";
import { isEnsemble } from "../../../servers/programs/ensemble.ts";
import { Relay } from "../../relay/relay.ts";
import { through, wayTo } from "../../relay/way.ts";
import { numbered } from "./cases.ts";
import { seal, within } from "./member.ts";
import type { BrokerCase, BrokerContext } from "./suite.ts";

/** Longer than any client here waits for an answer before it gives the connection up. */
const frozenMsMax = 30_000;
/** A publisher hears at once that there is no connection. */
const rejectMsMax = 1000;

/** What nodes are told when they are back after a crash: whether what was acknowledged is still there. */
const afterCrash = ({ broker }: BrokerContext) =>
  broker.traits.delivery === "at-least-once" ? ("live" as const) : ("live-after-gap" as const);

/** A busy machine takes its time to stop a thread that runs on another core, and such a thread still answers. */
async function isStopped(pid: number): Promise<void> {
  const threads = [pid, ...descendantsOf(pid)].flatMap((each) => {
    const folder = `/proc/${each}/task`;
    return readdirSync(folder).map((thread) => `${folder}/${thread}/stat`);
  });
  const isRunning = (stat: string): boolean => {
    try {
      return /\) (.)/.exec(readFileSync(stat, "utf8"))?.[1] !== "T";
    } catch {
      // It had ended before it could be stopped.
      return false;
    }
  };
  while (threads.some(isRunning)) await delay(1);
}

export const failureCases: readonly BrokerCase[] = [
  {
    name: "refuses at once what is published during a crash, never delivers it later, and comes back by itself",
    async run(context) {
      await using first = await context.join(0);
      await using second = await context.join(1);
      const both = [first, second];
      await seal(both, "before");
      await context.program.kill();
      await Promise.all(both.map((member) => member.isTold("lost")));
      for (const { connection } of both) assert.equal(connection.live, false);
      const refused = first.publish("into the void");
      await assert.rejects(within(refused, "it was not refused", rejectMsMax), { code: "closed" });
      await context.program.restart();
      await Promise.all(both.map((member) => member.isTold(afterCrash(context))));
      await seal(both, "after");
      for (const { texts, statuses } of both) {
        assert.deepEqual(texts, ["before", "after"]);
        assert.deepEqual(statuses, ["lost", afterCrash(context)]);
      }
    },
  },
  {
    name: "delivers what was acknowledged before a crash exactly once, or tells of the gap",
    async run(context) {
      await using first = await context.join(0);
      await using second = await context.join(1);
      const both = [first, second];
      const start = first.connection.position;
      await first.publishAll(numbered(50, "before"));
      const texts = numbered(500, "during");
      const publishing = Promise.allSettled(texts.map((text) => first.publish(text)));
      await context.program.kill();
      const outcomes = await within(publishing, "publishing did not end");
      await context.program.restart();
      await Promise.all(both.map((member) => member.isTold(afterCrash(context))));
      await seal(both);
      const acknowledged = [...numbered(50, "before"), ...texts.filter((_, i) => outcomes[i]!.status === "fulfilled")];
      for (const { texts: came } of both) assert.equal(new Set(came).size, came.length, "a message came twice");
      if (afterCrash(context) === "live") {
        for (const { texts: came } of both) {
          const here = new Set(came);
          const missing = acknowledged.filter((text) => !here.has(text));
          assert.equal(missing.length, 0, `${missing.length} acknowledged messages did not come`);
        }
        assert.deepEqual(first.texts, second.texts);
        assert.deepEqual(await first.connection.replay(start!), first.messages);
      } else if (start !== undefined) {
        assert.equal(await first.connection.replay(start), undefined, "it replayed what is gone");
      }
    },
  },
  {
    name: "lets no publisher wait for ever for a broker that hangs, and goes on when that goes on",
    async run({ program, join }) {
      await using first = await join(0);
      await using second = await join(1);
      const both = [first, second];
      await seal(both, "before");
      program.freeze();
      await Promise.all((isEnsemble(program) ? program.members : [program]).map(({ pid }) => isStopped(pid!)));
      try {
        await assert.rejects(within(first.publish("unheard"), "publishing did not end", frozenMsMax));
        await Promise.all(both.map((member) => member.isTold("lost")));
      } finally {
        program.thaw();
      }
      await Promise.all(both.map((member) => member.until(() => member.connection.live, "it did not come back")));
      await seal(both);
      for (const { texts } of both)
        assert.deepEqual(
          texts.filter((text) => text !== "unheard"),
          ["before", "the last"],
        );
    },
  },
  {
    name: "hands over what a node missed while it was cut off, or tells it of the gap",
    applies: ({ foreign }) => !foreign.ensemble,
    async run({ broker, program, join }) {
      const { target, port } = wayTo(program, 0);
      await using relay = await Relay.to(target, port);
      await using there = await join(0);
      await using here = await join(1, through(program.url, relay.port));
      await seal([there, here], "before");
      relay.cut();
      await here.isTold("lost");
      await there.publishAll(numbered(20, "missed"));
      relay.heal();
      await here.until(() => here.connection.live, "it did not come back");
      await seal([there, here]);
      const missed = broker.traits.history ? numbered(20, "missed") : [];
      assert.deepEqual(here.texts, ["before", ...missed, "the last"]);
      assert.deepEqual(here.statuses, ["lost", broker.traits.history ? "live" : "live-after-gap"]);
      assert.deepEqual(there.statuses, []);
    },
  },
  {
    name: "hands over what is said in a room to those who subscribed to it, also over the next session, and to nobody else",
    applies: ({ broker, foreign }) => broker.traits.rooms === true && !foreign.ensemble,
    async run({ program, join }) {
      const { target, port } = wayTo(program, 0);
      await using relay = await Relay.to(target, port);
      await using there = await join(0);
      await using here = await join(1, through(program.url, relay.port));
      await Promise.all([here.connection.subscribe("a"), here.connection.subscribe("left")]);
      const say = async (text: string): Promise<void> => {
        for (const room of ["a", "b", "left"]) await there.connection.publish(`${text} in ${room}`, room);
        await there.publish(text);
        await Promise.all([here.receives(text), there.receives(text)]);
      };
      await say("first");
      here.connection.unsubscribe("left");
      relay.cut();
      await here.isTold("lost");
      await assert.rejects(here.connection.subscribe("b"), { code: "closed" });
      relay.heal();
      await here.until(() => here.connection.live, "it did not come back");
      await say("second");
      assert.deepEqual(here.texts, ["first in a", "first in left", "first", "second in a", "second"]);
      assert.deepEqual(
        here.messages.map(({ room }) => room),
        ["a", "left", undefined, "a", undefined],
      );
      assert.deepEqual(there.texts, ["first", "second"]);
    },
  },
  {
    name: "tells a node of the gap when the history it needs was cut while it was cut off",
    applies: ({ foreign }) => foreign.trim !== undefined && !foreign.ensemble,
    async run({ program, foreign, topic, join }) {
      const { target, port } = wayTo(program, 0);
      await using relay = await Relay.to(target, port);
      await using there = await join(0);
      await using here = await join(1, through(program.url, relay.port));
      await seal([there, here], "before");
      relay.cut();
      await here.isTold("lost");
      await there.publishAll(numbered(20, "missed"));
      await foreign.trim!(program.url, topic);
      await there.publish("kept");
      relay.heal();
      await here.isTold("live-after-gap");
      await seal([there, here]);
      assert.deepEqual(here.texts, ["before", "kept", "the last"]);
      assert.deepEqual(here.statuses, ["lost", "live-after-gap"]);
    },
  },
  {
    name: "notices that what the server kept of its reader was deleted, and misses nothing that was taken",
    applies: ({ foreign }) => foreign.deleteReaders !== undefined,
    async run({ program, foreign, topic, join }) {
      await using first = await join(0);
      await using second = await join(1);
      const both = [first, second];
      await seal(both, "before");
      const taken: string[] = [];
      const flowing = new AbortController();
      const publishing = (async () => {
        for (let i = 0; !flowing.signal.aborted; i++) {
          await first.publish(`message ${i}`).then(
            () => taken.push(`message ${i}`),
            () => {},
          );
          await delay(10);
        }
      })();
      await second.receives("message 20");
      await foreign.deleteReaders!(program.url, topic);
      await Promise.all(both.map((member) => member.isTold("lost")));
      await Promise.all(both.map((member) => member.isTold("live")));
      flowing.abort();
      await publishing;
      await seal(both);
      for (const { texts, statuses } of both) {
        assert.equal(new Set(texts).size, texts.length, "a message came twice");
        // One that was refused because its own link was lost may have been taken: nobody could tell.
        const known = new Set(["before", ...taken, "the last"]);
        assert.deepEqual(
          texts.filter((text) => known.has(text)),
          [...known],
        );
        assert.deepEqual(statuses, ["lost", "live"]);
      }
    },
  },
  {
    name: "notices that the topic was deleted, and tells of the gap, also to a node that was cut off meanwhile",
    applies: ({ foreign }) => foreign.deleteTopic !== undefined && !foreign.ensemble,
    async run({ program, foreign, topic, join }) {
      const { target, port } = wayTo(program, 0);
      await using relay = await Relay.to(target, port);
      await using there = await join(0);
      await using here = await join(1, through(program.url, relay.port));
      const both = [there, here];
      await seal(both, "before");
      const old = here.connection.position!;
      relay.cut();
      await here.isTold("lost");
      await foreign.deleteTopic!(program.url, topic);
      await there.isTold("live-after-gap");
      // The new one counts from the beginning again: more than there were before must not hide that it is another.
      await there.publishAll(numbered(20, "after"));
      relay.heal();
      await here.isTold("live-after-gap");
      await seal(both);
      assert.equal(await here.connection.replay(old), undefined, "it replayed what is gone");
      for (const { texts, statuses } of both) {
        assert.deepEqual(texts, ["before", ...numbered(20, "after"), "the last"]);
        assert.deepEqual(statuses, ["lost", "live-after-gap"]);
      }
    },
  },
];
