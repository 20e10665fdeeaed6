import assert from "node:assert/strict";
import { describe } from "node:test";
import type { Behaviour, ServerConnection } from "../../protocol/contract.ts";
import { until } from "../../protocol/testing.ts";
import { RawPeer, serve, type TestServer, test } from "./testing.ts";

const sm = "xmlns='urn:xmpp:sm:3'";
const request = `<r ${sm}/>`;
const acknowledge = (h: number | string): string => `<a ${sm} h='${h}'/>`;
const resume = (id: string, h: number | string): string => `<resume ${sm} previd='${id}' h='${h}'/>`;
const body = (text: string): string => `<body>${text}</body>`;
const toServer = (text: string): string => `<message to='localhost'>${body(text)}</message>`;

/** Logs in and enables stream management with resumption. */
async function resumable(server: TestServer, account?: string): Promise<{ peer: RawPeer; id: string }> {
  const peer = await RawPeer.login(server, "", account);
  const enabled = await peer.ask(`<enable ${sm} resume='true'/>`, "/>");
  const [, id] = /^<enabled xmlns="urn:xmpp:sm:3" id="([\w-]{24})" resume="true" max="\d+"\/>$/.exec(enabled) ?? [];
  assert.ok(id, enabled);
  return { peer, id };
}

/** A new connection that is logged in and has asked to resume. */
async function resuming(server: TestServer, id: string, h: number | string, account?: string): Promise<RawPeer> {
  const peer = await RawPeer.connect(server);
  await peer.authenticate(account);
  peer.write(resume(id, h));
  return peer;
}

/** Cuts the connection and waits until the server has noticed. */
async function cut(server: TestServer, peer: RawPeer): Promise<void> {
  const before = server.host.sessions.size;
  peer.socket.destroy();
  await until(() => server.host.sessions.size < before);
}

/** The numbers in the bodies, in order. */
const numbersIn = (text: string): number[] =>
  [...text.matchAll(/<body>(\d+)<\/body>/g)].map(([, number]) => Number(number));

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe("stream management of the XMPP server", () => {
  test("is offered after the login, and is off until it is enabled", async () => {
    await using server = await serve();
    using peer = await RawPeer.connect(server);
    const before = await peer.ask(
      "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>",
      "</stream:features>",
    );
    assert.doesNotMatch(before, /urn:xmpp:sm/);
    using other = await RawPeer.login(server);
    other.write(request);
    assert.match(await other.untilClosed(), /<unsupported-stanza-type /);
  });

  test("without resumption counts, acknowledges and keeps nothing after the end", async () => {
    await using server = await serve();
    using peer = await RawPeer.login(server);
    assert.equal(await peer.ask(`<enable ${sm}/>`, "/>"), `<enabled xmlns="urn:xmpp:sm:3"/>`);
    assert.equal(await peer.ask(request, "/>"), `<a xmlns="urn:xmpp:sm:3" h="0"/>`);
    await peer.ask(toServer("1"), "</message>");
    await peer.ask("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>", `id="p"`);
    peer.write("<presence/>");
    assert.match(await peer.ask(request, "<a "), /./);
    assert.equal(await peer.until("/>"), `xmlns="urn:xmpp:sm:3" h="3"/>`);
    await cut(server, peer);
    assert.equal(server.connections, 0);
  });

  test("refuses to enable it twice, or before a resource is bound, and goes on", async () => {
    await using server = await serve();
    using early = await RawPeer.connect(server);
    await early.authenticate();
    const refusal =
      /<failed xmlns="urn:xmpp:sm:3"><unexpected-request xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"\/><\/failed>/;
    assert.match(await early.ask(`<enable ${sm}/>`, "</failed>"), refusal);
    await early.bind();
    const { peer } = await resumable(server);
    assert.match(await peer.ask(`<enable ${sm}/>`, "</failed>"), refusal);
    assert.match(await peer.ask(resume("x", 0), "</failed>"), refusal);
    await peer.assertEcho();
    peer.socket.destroy();
  });

  test("asks for acknowledgements under load that never pauses", async () => {
    await using server = await serve();
    using peer = await RawPeer.login(server);
    await peer.ask(`<enable ${sm}/>`, "/>");
    peer.write(
      range(1, 100)
        .map((number) => toServer(`${number}`))
        .join(""),
    );
    const heard = await peer.until(body("100"));
    assert.equal(heard.split("<r ").length - 1, 6);
  });

  for (const [title, h, condition] of [
    [
      "more than it was sent",
      "2",
      `<undefined-condition xmlns="[^"]*"/><text.*</text><handled-count-too-high xmlns="urn:xmpp:sm:3" h="2" send-count="1"/>`,
    ],
    ["less than it has acknowledged", "0", "<undefined-condition .*<handled-count-too-high "],
    ["no number", "one", "<bad-format "],
    ["more than 32 bits", "4294967296", "<bad-format "],
  ] as const) {
    test(`ends the stream of a client that acknowledges ${title}`, async () => {
      await using server = await serve();
      using healthy = await RawPeer.login(server);
      const { peer } = await resumable(server);
      await peer.assertEcho();
      peer.write(acknowledge(1)).write(acknowledge(h));
      assert.match(
        await peer.untilClosed(),
        new RegExp(`<stream:error>${condition}.*</stream:error></stream:stream>$`),
      );
      await healthy.assertEcho();
      assert.equal(server.connections, 1);
    });
  }

  test("gives a client up that acknowledges nothing, and does not let it resume", async () => {
    let gaveUp = 0;
    const flood: Behaviour = (connection) => ({
      message: () => {
        for (let number = 0; number < 1000; number++) connection.send("x".repeat(100));
      },
      gaveUp: () => void gaveUp++,
      closed() {},
    });
    await using server = await serve({ limits: { queueBytesMax: 64 * 1024 }, behaviour: flood });
    const { peer, id } = await resumable(server);
    peer.write(toServer("go"));
    assert.match(await peer.untilClosed(), /<resource-constraint /);
    assert.equal(gaveUp, 1);
    assert.equal(server.connections, 0);
    using late = await resuming(server, id, 0);
    await late.until("<item-not-found ");
  });
});

describe("a session of the XMPP server", () => {
  test("waits when its connection dies, and goes on with what its client has not handled", async () => {
    const connections: ServerConnection[] = [];
    let closed = 0;
    const behaviour: Behaviour = (connection) => {
      connections.push(connection);
      return { message: (payload) => connection.send(payload), closed: () => void closed++ };
    };
    await using server = await serve({ behaviour });
    using friend = await RawPeer.login(server);
    const { peer, id } = await resumable(server);
    peer.write(
      range(1, 5)
        .map((number) => toServer(`${number}`))
        .join(""),
    );
    await peer.until(body("5"));
    await cut(server, peer);
    assert.equal(server.connections, 2);
    connections[1]!.send("6");
    await friend.hear(`<message to='${peer.jid}'>${body("7")}</message>`);
    using again = await resuming(server, id, 3);
    assert.equal(await again.until("/>"), `<resumed xmlns="urn:xmpp:sm:3" previd="${id}" h="5"/>`);
    assert.deepEqual(numbersIn(await again.until(body("7"))), [4, 5, 6, 7]);
    await again.ask(toServer("8"), body("8"));
    await friend.hear(`<message to='${peer.jid}'>${body("9")}</message>`);
    await again.until(body("9"));
    assert.equal(await again.ask(request, "<a "), `</message><a `);
    await again.until(`h="6"/>`);
    assert.equal(closed, 0);
    assert.equal(connections.length, 2);
  });

  test("leaves a stream that is still open, which hears of the conflict", async () => {
    await using server = await serve();
    const { peer, id } = await resumable(server);
    await peer.ask(toServer("1"), body("1"));
    using again = await resuming(server, id, 0);
    assert.match(await peer.untilClosed(), /<stream:error><conflict .*<\/stream:error><\/stream:stream>$/);
    await again.until(body("1"));
    await again.ask(toServer("2"), body("2"));
    assert.equal(server.connections, 1);
    assert.equal(server.host.sessions.size, 1);
  });

  for (const [title, isLost] of [
    ["lost its connection", true],
    ["it left", false],
  ] as const) {
    test(`stays with the stream that resumed it, however often the one that ${title} is told of its end`, async () => {
      await using server = await serve();
      const { peer, id } = await resumable(server);
      const [before] = server.host.sessions;
      if (isLost) await cut(server, peer);
      using again = await resuming(server, id, 0);
      await again.until("<resumed ");
      before!.connectionLost();
      before!.ended();
      await again.ask(toServer("1"), body("1"));
      assert.equal(server.connections, 1);
    });
  }

  test("is nobody else's", async () => {
    await using server = await serve();
    const { peer, id } = await resumable(server, "user0");
    await cut(server, peer);
    using thief = await resuming(server, id, 0, "user1");
    assert.match(
      await thief.until("</failed>"),
      /^<failed xmlns="urn:xmpp:sm:3"><item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"\/><\/failed>$/,
    );
    await thief.bind();
    using owner = await resuming(server, id, 0, "user0");
    await owner.until("<resumed ");
  });

  test("is not resumed by a claim that cannot be true, and goes on waiting", async () => {
    await using server = await serve();
    const { peer, id } = await resumable(server);
    await peer.ask(toServer("1"), body("1"));
    await cut(server, peer);
    using liar = await resuming(server, id, 2);
    assert.match(await liar.untilClosed(), /<undefined-condition .*<handled-count-too-high /);
    for (const [previd, h, condition] of [
      [id, "x", "bad-request"],
      ["nothing", "0", "item-not-found"],
    ] as const) {
      using peer = await resuming(server, previd, h);
      await peer.until(`<${condition} `);
    }
    using again = await resuming(server, id, 1);
    await again.until("<resumed ");
    await again.ask(toServer("2"), body("2"));
  });

  test("is over after its time, and its last count is told to who comes too late", async () => {
    await using server = await serve({ limits: { idleMs: 20 } });
    using friend = await RawPeer.login(server);
    const peer = await RawPeer.login(server, "", "user0");
    const [, id] = /id="([^"]*)"/.exec(await peer.ask(`<enable ${sm} resume='1'/>`, "/>"))!;
    await peer.ask(toServer("1"), body("1"));
    await friend.hear(`<message to='${peer.jid}' id='lost'>${body("2")}</message>`);
    await cut(server, peer);
    const bounced = await friend.until("</message>");
    assert.match(bounced, new RegExp(`type="error" id="lost" from="${peer.jid}".*<service-unavailable `));
    await until(() => server.connections === 1);
    using late = await resuming(server, id!, 1, "user0");
    assert.match(await late.until("</failed>"), /^<failed xmlns="urn:xmpp:sm:3" h="1"><item-not-found /);
    using thief = await resuming(server, id!, 1, "user1");
    assert.match(await thief.until("</failed>"), /^<failed xmlns="urn:xmpp:sm:3"><item-not-found /);
    await late.bind();
    await late.assertEcho();
  });

  for (const [title, end] of [
    ["its client ends the stream", "</stream:stream>"],
    ["its client breaks the rules", "<nonsense/>"],
    ["the behaviour ends it", toServer("end")],
  ] as const) {
    test(`is over when ${title}`, async () => {
      const behaviour: Behaviour = (connection) => ({ message: () => connection.close(), closed() {} });
      await using server = await serve({ behaviour });
      const { peer, id } = await resumable(server);
      await peer.ask(end, "</stream:stream>");
      peer.socket.destroy();
      await until(() => server.connections === 0);
      using late = await resuming(server, id, 0);
      await late.until("<item-not-found ");
    });
  }

  test("is over when what waits for its client is too much", async () => {
    await using server = await serve({ limits: { queueBytesMax: 32 * 1024 } });
    using friend = await RawPeer.login(server);
    const { peer, id } = await resumable(server);
    await cut(server, peer);
    for (let number = 0; server.connections === 2; number++) {
      await friend.hear(`<message to='${peer.jid}' type='chat'>${body("x".repeat(1000))}</message>`);
      assert.ok(number < 100);
    }
    using late = await resuming(server, id, 0);
    await late.until("<item-not-found ");
    await friend.settle();
    await friend.assertEcho();
  });

  test("gives way to others when too many wait", async () => {
    await using server = await serve({ limits: { connectionsMax: 3 } });
    const ids: string[] = [];
    for (let number = 0; number < 5; number++) {
      const { peer, id } = await resumable(server);
      ids.push(id);
      await cut(server, peer);
    }
    assert.equal(server.connections, 3);
    for (const [index, id] of ids.entries()) {
      using peer = await resuming(server, id, 0);
      await peer.until(index < 2 ? "<item-not-found " : "<resumed ");
    }
  });

  test("keeps its presence, so that nobody hears that it was gone", async () => {
    await using server = await serve();
    using watcher = await RawPeer.available(server, "wirebench", "watcher");
    const peer = await RawPeer.available(server, "wirebench", "mobile");
    await watcher.until(`from="${peer.jid}"`);
    await watcher.settle();
    const [, id] = /id="([^"]*)"/.exec(await peer.ask(`<enable ${sm} resume='true'/>`, "/>"))!;
    await cut(server, peer);
    using again = await resuming(server, id!, 0);
    await again.until("<resumed ");
    await again.ask(request, "/>");
    assert.equal(await watcher.settle(), "");
  });

  test("counts on from zero after 2^32 - 1 in both directions, over a resumption", async () => {
    await using server = await serve({ firstCount: 2 ** 32 - 2 });
    const { peer, id } = await resumable(server);
    peer.write(
      range(1, 4)
        .map((number) => toServer(`${number}`))
        .join(""),
    );
    await peer.until(body("4"));
    await peer.until("</message>");
    await peer.ask(request, `<a xmlns="urn:xmpp:sm:3" h="2"/>`);
    peer.write(acknowledge(2 ** 32 - 1));
    await peer.ask(request, `h="2"/>`);
    await cut(server, peer);
    using again = await resuming(server, id, 1);
    await again.until(`h="2"/>`);
    assert.deepEqual(numbersIn(await again.until(body("4"))), [4]);
    await again.ask(toServer("5"), body("5"));
  });

  test("survives a connection that dies while it resumes, however often", async () => {
    await using server = await serve();
    const { peer, id } = await resumable(server);
    peer.write(
      range(1, 50)
        .map((number) => toServer(`${number}`))
        .join(""),
    );
    await peer.until(body("50"));
    await cut(server, peer);
    for (let attempt = 0; attempt < 5; attempt++) {
      const again = await resuming(server, id, attempt);
      if (attempt % 2 === 0) await again.until("<resumed ");
      await cut(server, again);
    }
    using last = await resuming(server, id, 10);
    await last.until(`h="50"/>`);
    assert.deepEqual(numbersIn(await last.until(body("50"))), range(11, 50));
  });

  test("is not kept by a server that closes", async () => {
    const server = await serve();
    const { peer } = await resumable(server);
    await cut(server, peer);
    assert.equal(server.connections, 1);
    await server[Symbol.asyncDispose]();
    assert.equal(server.connections, 0);
  });
});
