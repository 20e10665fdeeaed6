/** What is BOSH's own (XEP-0124, XEP-0206); what any server does with hostile peers is tested for all of them. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { boshClient } from "../clients/bosh.ts";
import type { Behaviour, Limits, RunningServer, ServerConnection } from "../protocol/contract.ts";
import { until } from "../protocol/testing.ts";
import { boshServer } from "./bosh.ts";
import { RawPeer, start, stillServes } from "./testing.ts";
import { auth, ScramClient, saslData, saslResponse } from "./xmpp/testing.ts";

const message = (text: string): string =>
  `<message xmlns='jabber:client' to='localhost'><body>${text}</body></message>`;
const xbosh = "xmlns:xmpp='urn:xmpp:xbosh'";
const terminal = (condition: string): RegExp => new RegExp(`<body type="terminate" condition="${condition}" `);
const streamError = (condition: string): RegExp =>
  new RegExp(`${terminal("remote-stream-error").source}[^>]*><stream:error><${condition} `);
const empty = /^<body xmlns="[^"]*"\/>$/;

/** A session by hand: each request on a connection of its own, so that nothing but its number orders it. */
class Session {
  readonly url: URL;
  readonly #t: TestContext;
  rid = 1000;
  sid = "";

  constructor(t: TestContext, { url }: RunningServer) {
    this.#t = t;
    this.url = new URL(url);
  }

  static async created(t: TestContext, running: RunningServer, attributes = "wait='60' hold='1'"): Promise<Session> {
    const session = new Session(t, running);
    const answer = await session.ask(`to='localhost' ver='1.6' ${xbosh} xmpp:version='1.0' ${attributes}`).body;
    session.sid = /sid="([^"]+)"/.exec(answer)?.[1] ?? "";
    return session;
  }

  /** Logged in, and bound to a resource. */
  static async bound(t: TestContext, running: RunningServer, attributes?: string): Promise<Session> {
    const session = await Session.created(t, running, attributes);
    const { username, password } = session.url;
    const scram = new ScramClient(username, password);
    const challenge = await session.ask("", auth(scram.mechanism, scram.first)).body;
    const success = saslResponse(scram.respond(saslData(challenge.replace("</body>", ""))));
    assert.match(await session.ask("", success).body, /<success /);
    assert.match(await session.ask(`${xbosh} xmpp:restart='true'`).body, /<stream:features><bind /);
    const bind = "<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
    assert.match(await session.ask("", bind).body, /<jid>/);
    return session;
  }

  /** The next request, or the one of this number. */
  ask(attributes = "", content = "", rid = this.rid++): { peer: Promise<RawPeer>; body: Promise<string> } {
    const sid = this.sid === "" ? "" : `sid='${this.sid}'`;
    return this.say(
      `<body xmlns='http://jabber.org/protocol/httpbind' rid='${rid}' ${sid} ${attributes}>${content}</body>`,
    );
  }

  /** Any bytes as a request. */
  say(xml: string): { peer: Promise<RawPeer>; body: Promise<string> } {
    const length = Buffer.byteLength(xml);
    const request = `POST /http-bind HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${xml}`;
    const peer = RawPeer.connect(this.#t, this.url.href).then((connected) => connected.write(request));
    const body = peer.then(async (connected) => {
      const [, size] = /content-length: (\d+)/i.exec(await connected.until(/\r\n\r\n/))!;
      const answer = await connected.until(new RegExp(`\r\n\r\n[\\s\\S]{${size}}`));
      return answer.slice(answer.indexOf("\r\n\r\n") + 4);
    });
    // Those that nobody waits for end with the test.
    body.catch(() => {});
    return { peer, body };
  }
}

const test = (title: string, run: (t: TestContext) => Promise<void>): void => void it(title, { timeout: 60_000 }, run);

/** What a user made by hand says to the server, and how the server can push to it. */
async function pushing(
  t: TestContext,
  limits: Partial<Limits> = {},
  attributes?: string,
): Promise<{ session: Session; connection: ServerConnection; heard: unknown[]; running: RunningServer }> {
  const heard: unknown[] = [];
  let connection: ServerConnection | undefined;
  const behaviour: Behaviour = (opened) => {
    connection ??= opened;
    return { message: (payload) => void heard.push(payload), closed() {} };
  };
  const running = await start(t, boshServer, limits, behaviour);
  const session = await Session.bound(t, running, attributes);
  return { session, connection: connection!, heard, running };
}

describe("the BOSH server", () => {
  test("says what it agrees to when a session is created, and offers the login at once", async (t) => {
    const session = new Session(t, await start(t, boshServer));
    const answer = await session.ask(`to='localhost' wait='10' hold='5' ack='1' ${xbosh} xmpp:version='1.0'`).body;
    assert.match(
      answer,
      /^<body sid="[\w-]{24}" from="localhost" ver="1\.11" wait="10" hold="1" requests="2" inactivity="60" polling="1" ack="1000" /,
    );
    assert.match(answer, /xmlns:stream="http:\/\/etherx\.jabber\.org\/streams"><stream:features><mechanisms /);
  });

  test("holds one request, and answers it when another comes or there is something to say", async (t) => {
    const { session, connection, heard } = await pushing(t);
    const first = session.ask();
    await turn();
    const second = session.ask("", message("up"));
    assert.match(await first.body, empty);
    assert.deepEqual(heard, ["up"]);
    connection.send("down");
    connection.send("and down");
    assert.match(await second.body, /<body>down<\/body>.*<body>and down<\/body>/);
  });

  test("knows whether a request waits for what is sent", async (t) => {
    const { session, connection } = await pushing(t);
    assert.equal(connection.isAwaited, false);
    const { body } = session.ask();
    await until(() => connection.isAwaited === true);
    connection.send("down");
    await body;
    assert.equal(connection.isAwaited, false);
  });

  test("answers a request with nothing when it has waited as long as was agreed", async (t) => {
    const { session } = await pushing(t, {}, "wait='1' hold='1'");
    assert.match(await session.ask().body, empty);
  });

  test("handles requests that overtake each other in the order of their numbers", async (t) => {
    const { session, heard } = await pushing(t);
    const early = session.ask("", message("second"), session.rid + 1);
    await early.peer;
    const late = session.ask("", message("first"));
    await late.body;
    assert.deepEqual(heard, ["first", "second"]);
  });

  test("answers a request that is sent again as it did, and does not handle it twice", async (t) => {
    const { session, connection, heard } = await pushing(t);
    const { rid } = session;
    const first = session.ask("", message("once"));
    await until(() => heard.length === 1);
    connection.send("answer");
    const answer = await first.body;
    assert.match(answer, /<body>answer<\/body>/);
    assert.equal(await session.ask("", message("once"), rid).body, answer);
    assert.deepEqual(heard, ["once"]);
  });

  test("lets a request whose connection was lost be sent again while it waits, and loses nothing", async (t) => {
    const { session, connection, heard } = await pushing(t);
    const { rid } = session;
    const lost = session.ask("", message("x"));
    await until(() => heard.length === 1);
    (await lost.peer).socket.resetAndDestroy();
    connection.send("into the dark");
    const again = session.ask("", message("x"), rid);
    assert.match(await again.body, /<body>into the dark<\/body>/);
    assert.deepEqual(heard, ["x"]);
    const waiting = session.ask();
    await waiting.peer;
    await turn();
    const newer = session.ask("", "", session.rid - 1);
    assert.match(await waiting.body, /^<body type="error" /);
    connection.send("heard");
    assert.match(await newer.body, /<body>heard<\/body>/);
  });

  test("forgets what the client acknowledges, and acknowledges what has overtaken a held request", async (t) => {
    const { session, connection } = await pushing(t, {}, "wait='60' hold='1' ack='1'");
    const { rid } = session;
    connection.send("1");
    await session.ask().body;
    const held = session.ask(`ack='${rid}'`);
    await held.peer;
    await turn();
    const next = session.ask("", message("x"));
    assert.match(await held.body, new RegExp(`^<body ack="${rid + 2}" `));
    assert.match(await session.ask("", "", rid).body, terminal("item-not-found"));
    assert.match(await next.body, terminal("item-not-found"));
  });

  test("answers a polling session at once, and ends one that asks too often", async (t) => {
    const { session, connection } = await pushing(t, {}, "wait='0' hold='1'");
    const now = performance.now();
    t.mock.method(performance, "now", () => now);
    assert.match(await session.ask("", message("x")).body, empty);
    connection.send("1");
    assert.match(await session.ask().body, /<body>1<\/body>/);
    assert.match(await session.ask().body, terminal("policy-violation"));
  });

  test("ends a session that asks on and on while a request of it is held", async (t) => {
    const { session } = await pushing(t);
    const now = performance.now();
    t.mock.method(performance, "now", () => now);
    const first = session.ask();
    await first.peer;
    await turn();
    const second = session.ask();
    assert.match(await second.body, terminal("policy-violation"));
    assert.match(await first.body, terminal("policy-violation"));
  });

  test("ends when the client says so, with what came in the same request handled", async (t) => {
    const { session, heard, running } = await pushing(t);
    const held = session.ask();
    await held.peer;
    await turn();
    const last = session.ask("type='terminate'", message("last"));
    assert.match(await held.body, /^<body type="terminate" xmlns="[^"]*"\/>$/);
    assert.match(await last.body, /^<body type="terminate" xmlns="[^"]*"\/>$/);
    assert.deepEqual(heard, ["last"]);
    assert.equal(running.connections, 0);
    assert.match(await session.ask().body, terminal("item-not-found"));
  });

  test("expires a session whose client asks for nothing, and none whose request is held", async (t) => {
    const { session, running } = await pushing(t, { idleMs: 300 });
    const held = session.ask();
    const other = await Session.bound(t, running);
    await until(() => running.connections === 1);
    assert.match(await other.ask().body, terminal("item-not-found"));
    (await held.peer).socket.destroy();
    await until(() => running.connections === 0);
  });

  const openings: readonly (readonly [string, string, RegExp])[] = [
    ["no domain", `${xbosh} xmpp:version='1.0'`, terminal("improper-addressing")],
    ["another domain", "to='example.org'", terminal("host-unknown")],
    ["a version of the past", `to='localhost' ${xbosh} xmpp:version='0.9'`, streamError("unsupported-version")],
    ["an unknown session", "sid='no'", terminal("item-not-found")],
  ];
  for (const [title, attributes, answer] of openings) {
    test(`refuses a session for ${title}`, async (t) => {
      const running = await start(t, boshServer);
      assert.match(await new Session(t, running).ask(attributes).body, answer);
      await stillServes(boshClient, running.url);
    });
  }

  const bodies: readonly (readonly [string, (session: Session) => string, RegExp])[] = [
    ["no XML", () => "hello", terminal("bad-request")],
    ["another element", () => "<html/>", terminal("bad-request")],
    ["a body without its namespace", () => "<body rid='1'/>", terminal("bad-request")],
    ["a body that has no end", (s) => bodyOf(s, "").slice(0, -2), streamError("not-well-formed")],
    ["no number", (s) => bodyOf(s, "").replace(/rid='\d+'/, ""), terminal("bad-request")],
    [
      "a number beyond 2^53",
      (s) => bodyOf(s, "").replace(/rid='\d+'/, "rid='9007199254740992'"),
      terminal("bad-request"),
    ],
    [
      "a number beyond the window",
      (s) => bodyOf(s, "").replace(/rid='\d+'/, `rid='${s.rid + 2}'`),
      terminal("item-not-found"),
    ],
    [
      "a number of long ago",
      (s) => bodyOf(s, "").replace(/rid='\d+'/, `rid='${s.rid - 3}'`),
      terminal("item-not-found"),
    ],
    ["a stanza of no namespace", (s) => bodyOf(s, "<message to='localhost'/>"), streamError("invalid-namespace")],
    ["a document type declaration", (s) => `<!DOCTYPE a []>${bodyOf(s, "")}`, terminal("bad-request")],
    ["one within the body", (s) => bodyOf(s, "<!DOCTYPE a []>"), streamError("restricted-xml")],
    ["an entity", (s) => bodyOf(s, message("&lol;")), streamError("restricted-xml")],
    ["10,000 elements inside one another", (s) => bodyOf(s, "<a>".repeat(10_000)), streamError("policy-violation")],
    [
      "more stanzas than a body may have",
      (s) => bodyOf(s, "<presence xmlns='jabber:client'/>".repeat(1001)),
      streamError("policy-violation"),
    ],
    [
      "a restart that nothing has asked for",
      (s) => bodyOf(s, "", `${xbosh} xmpp:restart='true'`),
      streamError("bad-format"),
    ],
  ];
  for (const [title, xml, answer] of bodies) {
    test(`ends a session for ${title}, and serves others`, async (t) => {
      const running = await start(t, boshServer);
      const session = await Session.bound(t, running);
      assert.match(await session.say(xml(session)).body, answer);
      await stillServes(boshClient, running.url);
    });
  }

  test("tells a request that has overtaken another of the error in it", async (t) => {
    const session = await Session.bound(t, await start(t, boshServer));
    const early = session.ask("", message("x"), session.rid + 1);
    const wrong = bodyOf(session, "<message to='localhost'/>");
    const peer = await early.peer;
    peer.write(`POST /http-bind HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(wrong)}\r\n\r\n${wrong}`);
    assert.match(await early.body, new RegExp(`^${streamError("invalid-namespace").source}`));
  });

  test("tells a request that cannot be read why the session has ended before it", async (t) => {
    const { session, connection } = await pushing(t);
    connection.close();
    assert.match(
      await session.say(bodyOf(session, "<!DOCTYPE a []>")).body,
      /^<body type="terminate" xmlns="[^"]*"\/>$/,
    );
  });

  test("has room for another at once when it has ended a session", async (t) => {
    const running = await start(t, boshServer, { connectionsMax: 1 });
    for (const content of [message("&lol;"), "</body>"]) {
      const session = await Session.bound(t, running);
      const xml = content === "</body>" ? bodyOf(session, "").replace(/rid='\d+'/, "") : bodyOf(session, content);
      assert.match(await session.say(xml).body, /type="terminate"/);
    }
    await stillServes(boshClient, running.url);
  });

  test("refuses before the login what it takes after it", async (t) => {
    const running = await start(t, boshServer);
    const large = message("x".repeat(20_000));
    const session = await Session.bound(t, running);
    assert.match(await session.ask("", large).body, /x{20000}/);
    const stranger = await Session.created(t, running);
    assert.match(await stranger.ask("", large).body, streamError("policy-violation"));
    const early = await Session.created(t, running);
    assert.match(await early.ask("", message("x")).body, streamError("not-authorized"));
    const many = await Session.created(t, running);
    const { peer } = many.say(bodyOf(many, message("x").repeat(500)));
    assert.match(await (await peer).until(/HTTP/), /^HTTP\/1\.1 413 /);
  });

  test("hears a body whose bytes come one by one, with characters split", async (t) => {
    const running = await start(t, boshServer);
    const session = await Session.bound(t, running);
    const peer = await RawPeer.connect(t, running.url);
    peer.socket.setNoDelay(true);
    const xml = bodyOf(session, message("€ \u{1f600}"));
    const request = `POST /http-bind HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(xml)}\r\n\r\n${xml}`;
    for (const byte of Buffer.from(request)) {
      await new Promise((resolve) => peer.socket.write(Buffer.of(byte), resolve));
      await turn();
    }
    await peer.until(new RegExp(`<body>${Buffer.from("€ \u{1f600}").toString("latin1")}</body>`));
  });

  test("has no other path and no other method", async (t) => {
    const { origin } = new URL((await start(t, boshServer)).url);
    assert.equal((await fetch(`${origin}/`, { method: "POST" })).status, 404);
    const get = await fetch(`${origin}/http-bind`);
    assert.deepEqual([get.status, get.headers.get("allow")], [405, "POST"]);
  });
});

const bodyOf = ({ rid, sid }: Session, content: string, attributes = ""): string =>
  `<body xmlns='http://jabber.org/protocol/httpbind' rid='${rid}' sid='${sid}' ${attributes}>${content}</body>`;
