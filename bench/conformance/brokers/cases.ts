/** What every broker must do while its server is up. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { replayMessagesMax } from "../../../servers/cluster/broker/broker.ts";
import { freePort } from "../../../servers/programs/free-ports.ts";
import { Member, seal, within } from "./member.ts";
import type { BrokerCase, BrokerContext } from "./suite.ts";

const burstMessages = 5000;

const strangeTexts = [
  "",
  "line\nfeed, carriage\rreturn\r\n",
  "NUL \u0000 and \u001f",
  `"quotes" and \\ backslash`,
  "emoji \u{1f600} and \u{10ffff}",
  "byte order mark \ufeff, noncharacter \uffff, separators \u2028 \u2029",
  "$6\r\nPUBLISH\r\n",
];

const longTexts = ["x".repeat(64 * 1024), "\u{1f600}".repeat(16 * 1024)];

export const numbered = (count: number, prefix: string): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix} ${i}`);

/** Every member has each publisher's messages once and in order and, where the broker says so, all see one order. */
export function assertOrder({ broker }: BrokerContext, members: readonly Member[], sent: readonly string[][]): void {
  const total = sent.flat().length + 1;
  for (const [n, { texts }] of members.entries()) {
    assert.equal(texts.length, total, `node ${n} should have ${total} messages, has ${texts.length}`);
    for (const own of sent) {
      const mine = new Set(own);
      const came = texts.filter((text) => mine.has(text));
      const wrong = own.findIndex((text, i) => came[i] !== text);
      assert.equal(wrong, -1, `node ${n} has "${came[wrong]}" where "${own[wrong]}" was due`);
    }
  }
  if (broker.traits.order === "total") {
    for (const member of members) assert.deepEqual(member.texts, members[0]!.texts, "two nodes saw another order");
  }
}

export const cases: readonly BrokerCase[] = [
  {
    name: "hands every message to every one of three nodes, the publisher's own included, once and in order",
    async run(context) {
      await using members = new AsyncDisposableStack();
      const three = await Promise.all([0, 1, 2].map(async (n) => members.use(await context.join(n))));
      const sent = three.map((_, n) => numbered(20, `of ${n}`));
      for (let i = 0; i < 20; i++) await Promise.all(three.map((member, n) => member.publish(sent[n]![i]!)));
      await seal(three);
      assertOrder(context, three, sent);
      for (const { statuses } of three) assert.deepEqual(statuses, [], "nothing happened to the connection");
    },
  },
  {
    name: "carries any Unicode text, and 64 KiB if it is not said to carry less, unchanged",
    async run({ broker, join }) {
      await using first = await join(0);
      await using second = await join(1);
      const published = broker.traits.messageBytesMax === undefined ? [...strangeTexts, ...longTexts] : strangeTexts;
      for (const text of published) await first.publish(text);
      await seal([first, second]);
      for (const { texts } of [first, second]) assert.deepEqual(texts, [...published, "the last"]);
    },
  },
  {
    name: "carries the largest message it promises, refuses a larger one, and goes on",
    applies: ({ broker }) => broker.traits.messageBytesMax !== undefined,
    async run({ broker, join }) {
      await using member = await join(0);
      const largest = "x".repeat(broker.traits.messageBytesMax!);
      await member.publish(largest);
      await assert.rejects(member.publish(`${largest}x`), { code: "payload-too-large", message: /\d/ });
      await seal([member]);
      assert.deepEqual(member.texts, [largest, "the last"]);
      assert.deepEqual(member.statuses, []);
    },
  },
  {
    name: "is live when it says so, and not before: what is published from then on arrives, and nothing older",
    async run(context) {
      await using first = await context.join(0);
      await first.publish("before");
      for (const n of [1, 2, 3]) {
        await using late = await context.join(n);
        assert.equal(late.connection.live, true);
        await first.publish(`since ${n}`);
        await late.receives(`since ${n}`);
        assert.deepEqual(late.texts, [`since ${n}`]);
      }
    },
  },
  {
    name: `loses, doubles and reorders nothing of ${burstMessages} messages that two nodes publish at once`,
    async run(context) {
      await using members = new AsyncDisposableStack();
      const three = await Promise.all([0, 1, 2].map(async (n) => members.use(await context.join(n))));
      const sent = [0, 1].map((n) => numbered(burstMessages / 2, `of ${n}`));
      await Promise.all(
        sent[0]!.map((text, i) => Promise.all([three[0]!.publish(text), three[1]!.publish(sent[1]![i]!)])),
      );
      await seal([three[2]!, ...three]);
      await Promise.all(three.map((each) => each.until(() => each.messages.length > burstMessages, "not all came")));
      assertOrder(context, three, sent);
    },
  },
  {
    name: "keeps the order of what is published turn after turn, without waiting for what is on the way",
    async run(context) {
      await using first = await context.join(0);
      await using second = await context.join(1);
      const sent = numbered(300, "message");
      const publishing: Promise<void>[] = [];
      for (const text of sent) {
        publishing.push(first.publish(text));
        await turn();
      }
      await Promise.all(publishing);
      await seal([first, second]);
      assertOrder(context, [first, second], [sent]);
    },
  },
  {
    name: "keeps topics apart",
    async run({ broker, program, topic, join }) {
      await using here = await join(0);
      await using there = await Member.join(broker, { url: program.url, topic: `${topic}-other`, node: "node-1" });
      await there.publish("for others");
      await seal([there]);
      await seal([here]);
      assert.deepEqual(here.texts, ["the last"]);
    },
  },
  {
    name: "has neither positions nor a replay where there is no history",
    applies: ({ broker }) => !broker.traits.history,
    async run({ join }) {
      await using member = await join(0);
      await seal([member]);
      assert.equal(member.connection.position, undefined);
      assert.equal(member.messages[0]?.position, undefined);
      assert.equal(await member.connection.replay("0"), undefined);
    },
  },
  {
    name: "replays exactly what came after a position",
    applies: ({ broker }) => broker.traits.history,
    async run({ join }) {
      await using first = await join(0);
      await using second = await join(1);
      const start = second.connection.position!;
      assert.deepEqual(await second.connection.replay(start), [], "nothing was published yet");
      await first.publishAll(numbered(100, "message"));
      await seal([first, second]);
      assert.deepEqual(await second.connection.replay(start), first.messages);
      const middle = first.messages[49]!.position!;
      assert.deepEqual(await first.connection.replay(middle), second.messages.slice(50));
      assert.equal(first.connection.position, first.messages.at(-1)!.position);
      assert.deepEqual(await second.connection.replay(first.connection.position!), []);
    },
  },
  {
    name: "does not replay from a position it never gave out",
    applies: ({ broker }) => broker.traits.history,
    async run({ join }) {
      await using member = await join(0);
      await seal([member]);
      for (const position of ["", "x", "-", "0-", "99999999999999-0", "999999999", "1e3", "\u0000", "9".repeat(500)]) {
        assert.equal(
          await member.connection.replay(position),
          undefined,
          `it replayed from "${position.slice(0, 30)}"`,
        );
      }
      await seal([member], "still here");
    },
  },
  {
    name: `replays ${replayMessagesMax} messages, and nothing where it is one more`,
    applies: ({ broker }) => broker.traits.history,
    async run({ join }) {
      await using member = await join(0);
      const start = member.connection.position!;
      // Not all at once: on a busy machine the last would wait for longer than a broker's client does.
      for (let begun = 0; begun < replayMessagesMax; begun += 1000)
        await member.publishAll(numbered(1000, `from ${begun}`));
      await seal([member]);
      assert.equal(await member.connection.replay(start), undefined);
      const replayed = await member.connection.replay(member.messages[0]!.position!);
      assert.deepEqual(replayed, member.messages.slice(1));
    },
  },
  {
    name: "does not replay a part where the history was cut",
    applies: ({ foreign }) => foreign.trim !== undefined,
    async run({ program, foreign, topic, join }) {
      await using member = await join(0);
      const start = member.connection.position!;
      await member.publishAll(numbered(10, "message"));
      await seal([member]);
      await foreign.trim!(program.url, topic);
      await seal([member], "after the cut");
      assert.equal(await member.connection.replay(start), undefined);
      assert.equal(await member.connection.replay(member.messages[5]!.position!), undefined);
    },
  },
  {
    name: "survives nonsense that another client puts there",
    async run({ program, foreign, topic, join }) {
      await using first = await join(0);
      await using second = await join(1);
      await foreign.disturb(program.url, topic);
      await seal([first, second]);
      assert.deepEqual([...first.statuses, ...second.statuses], []);
    },
  },
  {
    name: "says that nothing listens when nothing does",
    async run({ broker, program, topic }) {
      const url = program.url.replace(/\/\/.*$/, `//127.0.0.1:${await freePort()}`);
      const attempt = Member.join(broker, { url, topic, node: "node-0" });
      await assert.rejects(within(attempt, "connecting did not end"), { code: "connect-refused" });
    },
  },
  {
    name: "gives up connecting when told to, and leaves no socket behind",
    async run({ broker, program, topic }) {
      const silent = createServer().listen(0, "127.0.0.1");
      await once(silent, "listening");
      try {
        const { port } = silent.address() as AddressInfo;
        const abort = new AbortController();
        const attempt = broker.connect({
          url: program.url.replace(/\/\/.*$/, `//127.0.0.1:${port}`),
          topic,
          node: "node-0",
          signal: abort.signal,
          onMessage() {},
          onStatus() {},
        });
        attempt.catch(() => {});
        const [socket] = (await within(once(silent, "connection"), "it did not connect")) as [Socket];
        const gone = new Promise((resolve) => socket.on("error", () => {}).once("close", resolve));
        socket.resume();
        abort.abort();
        await assert.rejects(within(attempt, "connecting did not end"), { code: "aborted" });
        await within(gone, "the socket did not close");
      } finally {
        silent.close();
      }
    },
  },
  {
    name: "closes for good, however often it is asked, and leaves no socket behind",
    async run({ join }) {
      const sockets = (): number => process.getActiveResourcesInfo().filter((kind) => kind.startsWith("TCP")).length;
      const before = sockets();
      const member = await join(0);
      await seal([member]);
      await Promise.all([member.connection.close(), member.connection.close()]);
      await member.connection.close();
      assert.equal(member.connection.live, false);
      await assert.rejects(member.publish("too late"), { code: "closed" });
      // A handle goes in the turn after its socket.
      for (let turn = 0; turn < 100 && sockets() > before; turn++)
        await new Promise((resolve) => setTimeout(resolve, 10));
      assert.ok(sockets() <= before, "sockets are left open");
      assert.deepEqual(member.statuses, []);
    },
  },
];
