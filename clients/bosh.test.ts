/** What the BOSH client does where a network between it and a server loses connections and reorders answers. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it, type TestContext } from "node:test";
import type { Behaviour, ServerConnection } from "../protocol/contract.ts";
import { until } from "../protocol/testing.ts";
import { boshServer } from "../servers/bosh.ts";
import { join, start } from "../servers/testing.ts";
import { boshClient } from "./bosh.ts";

/** A request that a client has made, and what the server said to it, which the test hands on or not. */
interface Passing {
  readonly rid: number;
  readonly request: string;
  readonly response: ServerResponse;
  answer?: string;
}

/** A way to a real server on which every answer goes as `hand` says: by `pass`, later, or never. */
async function between(t: TestContext, behaviour: Behaviour, hand: (passing: Passing) => void = pass) {
  const running = await start(t, boshServer, {}, behaviour);
  const { origin, pathname } = new URL(running.url);
  const passed: Passing[] = [];
  let sockets = 0;
  const middle = createServer(async (request, response) => {
    const chunks: Buffer[] = await request.toArray();
    const body = Buffer.concat(chunks).toString();
    const passing: Passing = { rid: Number(/rid="(\d+)"/.exec(body)![1]), request: body, response };
    passed.push(passing);
    const answer = await fetch(origin + pathname, { method: "POST", body }).catch(() => undefined);
    passing.answer = (await answer?.text()) ?? "";
    hand(passing);
  });
  middle.on("connection", () => void sockets++);
  middle.listen(0, "127.0.0.1");
  await once(middle, "listening");
  t.after(() => {
    middle.close();
    middle.closeAllConnections();
  });
  const url = new URL(running.url);
  url.port = String((middle.address() as AddressInfo).port);
  return {
    url: url.href,
    passed,
    /** That the server holds: the client waits for its answer. */
    waiting: () => passed.filter(({ answer }) => answer === undefined),
    get sockets() {
      return sockets;
    },
  };
}

const pass = ({ response, answer }: Passing): void => {
  response.writeHead(200, { "content-length": Buffer.byteLength(answer!) }).end(answer);
};

const test = (title: string, run: (t: TestContext) => Promise<void>): void => void it(title, { timeout: 60_000 }, run);

const echo: Behaviour = (connection) => ({ message: (payload) => connection.send(payload), closed() {} });

describe("the BOSH client", () => {
  test("sends at once while a request is held, on two connections, with numbers in a row from a random start", async (t) => {
    const way = await between(t, echo);
    const user = await join(boshClient, way.url);
    for (let sent = 0; sent < 20; sent++) {
      await until(() => way.waiting().length === 1);
      user.send(String(sent));
      assert.equal(await user.next(), String(sent));
    }
    const [first] = way.passed;
    assert.ok(first!.rid >= 1e14 && first!.rid < 2 ** 53 - 1000);
    assert.deepEqual(
      way.passed.map(({ rid }) => rid).sort((a, b) => a - b),
      way.passed.map((_, index) => first!.rid + index),
    );
    assert.equal(way.sockets, 2);
    assert.equal(user.carried!.writes, 20);
    await user.close();
    assert.match(way.passed.at(-1)!.request, /type="terminate"/);
  });

  test("sends together what it could not send at once", async (t) => {
    const way = await between(t, echo);
    const user = await join(boshClient, way.url);
    await until(() => way.waiting().length === 1);
    for (let sent = 0; sent < 100; sent++) user.send(String(sent));
    for (let expected = 0; expected < 100; expected++) assert.equal(await user.next(), String(expected));
    assert.deepEqual(user.carried, { messages: 100, writes: 2 });
    await user.close();
  });

  test("hands on in order what answers bring that overtake each other", async (t) => {
    let server: ServerConnection | undefined;
    const held: Passing[] = [];
    const way = await between(
      t,
      (connection) => {
        server = connection;
        return echo(connection);
      },
      (passing) => {
        if (passing.answer!.includes("<body>first<")) held.push(passing);
        else pass(passing);
      },
    );
    const user = await join(boshClient, way.url);
    await until(() => way.waiting().length === 1);
    user.send("first");
    await until(() => held.length === 1 && way.waiting().length === 1);
    server!.send("second");
    await until(() => way.waiting().length === 0);
    pass(held[0]!);
    assert.deepEqual([await user.next(), await user.next()], ["first", "second"]);
    await user.close();
  });

  for (const [title, isLost] of [
    ["whose connection is lost while it is held", false],
    ["whose answer is lost on the way", true],
  ] as const) {
    test(`sends a request again ${title}, and loses and doubles nothing`, async (t) => {
      let lost = 0;
      const way = await between(t, echo, (passing) => {
        if (isLost && lost === 0 && passing.answer!.includes("<body>x<")) {
          lost = passing.rid;
          passing.response.destroy();
        } else pass(passing);
      });
      const user = await join(boshClient, way.url);
      await until(() => way.waiting().length === 1);
      if (!isLost) {
        const [waiting] = way.waiting();
        lost = waiting!.rid;
        waiting!.response.destroy();
        await until(() => way.passed.filter(({ rid }) => rid === lost).length === 2);
      }
      user.send("x");
      assert.equal(await user.next(), "x");
      user.send("y");
      assert.equal(await user.next(), "y");
      assert.deepEqual(user.received, ["x", "y"]);
      const again = way.passed.filter(({ rid }) => rid === lost).map(({ request }) => request);
      assert.equal(again.length, 2);
      assert.equal(again[0], again[1]);
      await user.close();
    });
  }

  const ends: readonly (readonly [title: string, answer: string, by: string, message: RegExp])[] = [
    ["an end in order", "type='terminate'/>", "server", /^stream closed$/],
    ["a condition", "type='terminate' condition='item-not-found'/>", "server", /^BOSH terminate item-not-found/],
    [
      "a stream error",
      "type='terminate' condition='remote-stream-error' xmlns:stream='http://etherx.jabber.org/streams'>" +
        "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></body>",
      "server",
      /^stream error conflict/,
    ],
    ["no end of the XML", ">", "network", /without an end/],
    ["XML of another kind", "><!-- --></body>", "network", /comments/],
    [
      "a message too large",
      `><message xmlns='jabber:client'><body>${"x".repeat(2 ** 20 + 1)}</body></message></body>`,
      "network",
      /limit/,
    ],
  ];
  for (const [title, rest, by, message] of ends) {
    test(`ends by ${title}`, async (t) => {
      let isOpen = false;
      const way = await between(t, echo, (passing) => {
        if (isOpen) passing.answer = `<body xmlns='http://jabber.org/protocol/httpbind' ${rest}`;
        pass(passing);
      });
      const user = await join(boshClient, way.url);
      await until(() => way.waiting().length === 1);
      isOpen = true;
      user.send("x");
      const reason = await user.closed;
      assert.equal(reason.by, by);
      assert.match(reason.message, message);
      assert.throws(() => user.send("late"), { code: "closed" });
    });
  }
});
