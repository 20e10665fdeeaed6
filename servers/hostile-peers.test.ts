/** What every server does with peers that mean no good or can do no better, each spoken to in its own protocol. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { protocolNames, protocols } from "../bench/targets/protocols.ts";
import { securedTargets } from "../bench/targets/testing.ts";
import {
  type Behaviour,
  defaultLimits,
  type Limits,
  type Payload,
  type ServerConnection,
} from "../protocol/contract.ts";
import { until } from "../protocol/testing.ts";
import { boshBodyBytesMax } from "../protocol/wires/bosh-body.ts";
import { encodeFrame } from "../protocol/wires/frame.ts";
import { encodedBytesMax } from "../protocol/wires/payload.ts";
import {
  closeFrame,
  echo,
  join,
  opcodes,
  RawPeer,
  shortMs,
  start,
  startTimed,
  stillServes,
  timePassing,
  webSocketFrame,
  webSocketPeer,
  webSocketUpgrade,
} from "./testing.ts";
import { auth, ScramClient, saslData, saslResponse } from "./xmpp/testing.ts";

type Bytes = string | Uint8Array;

/** A user made by hand. */
interface RawUser {
  /** Where it speaks and where it hears: one socket where the protocol has one stream. */
  readonly up: RawPeer;
  readonly down: RawPeer;
  /** One text message on the way up. */
  message(text: string): Bytes;
  /** What announces a payload of more than 100 bytes; where nothing does, the payload itself. */
  readonly tooLarge: Bytes;
  /** As much as is refused, and what may follow it without end. */
  readonly endless: readonly [Bytes, Bytes];
  /** Resolves with all that was heard once it matches; asks for it where nothing comes unasked. */
  hear(pattern: RegExp): Promise<string>;
}

/** How a peer speaks a protocol, and what it hears in the protocol's own terms when it is refused. */
interface Speech {
  open(t: TestContext, url: string): Promise<RawUser>;
  /** Asks for a connection, where being accepted is not enough. */
  readonly request: string;
  /** Absent where a connection is open as soon as it is accepted. */
  readonly handshake?: {
    readonly half: string;
    /** What a peer hears that has sent that much when its time is over, and one that has sent nothing. */
    readonly late: RegExp;
    readonly silent: RegExp;
    /** A beginning, and what may follow it without end. */
    readonly endless: readonly [string, string];
    readonly tooLong: RegExp;
    /** What is heard once a handshake has begun, of a server whose time is this process's own; absent: it is Node's HTTP. */
    readonly begun?: RegExp;
  };
  /** The first bytes of a peer that speaks something else. */
  readonly foreign: Bytes;
  readonly refusals: { readonly foreign: RegExp; readonly tooLarge: RegExp; readonly tooMany: RegExp };
  /** How a client fails, or is closed, that is one too many. */
  readonly tooMany: Readonly<Record<string, string | RegExp>>;
  /** All that is heard of a server that says `last words` and closes. */
  readonly goodbye: RegExp;
  /** What a peer hears that was given up and then asks; elsewhere its socket is closed. */
  readonly gone?: RegExp;
}

const tcpHeader = (length: number, kind: number): Buffer => {
  const bytes = Buffer.alloc(5, kind);
  bytes.writeUInt32BE(length);
  return bytes;
};

const tcp: Speech = {
  async open(t, url) {
    const peer = await RawPeer.connect(t, url);
    const tooLarge = tcpHeader(101, 0);
    return { up: peer, down: peer, message: encodeFrame, tooLarge, endless: [tooLarge, "more"], hear: hearing(peer) };
  },
  request: "",
  foreign: tcpHeader(1, 9),
  refusals: {
    foreign: /unknown frame kind 9$/,
    tooLarge: /frame of 101 bytes is over the limit of 100$/,
    tooMany: /too many connections$/,
  },
  tooMany: { by: "server", message: "too many connections" },
  goodbye: /last words$/,
};

function hearing(peer: RawPeer): RawUser["hear"] {
  return (pattern) => peer.until(pattern);
}

/** What every protocol that begins with an HTTP request answers. */
const httpHandshake = (half: string, line: string): NonNullable<Speech["handshake"]> => ({
  half,
  late: /^HTTP\/1\.1 408 /,
  silent: /^HTTP\/1\.1 408 /,
  endless: [`${line} HTTP/1.1\r\nHost: x\r\n`, "X-Flood: 0123456789\r\n"],
  tooLong: /^HTTP\/1\.1 431 /,
});
const httpRefusals = {
  foreign: /^HTTP\/1\.1 400 /,
  tooLarge: /^HTTP\/1\.1 413 /,
  tooMany: /^HTTP\/1\.1 503 /,
} satisfies Speech["refusals"];
const httpTooMany: Speech["tooMany"] = { code: "connect-failed", message: /503/ };

const websocket: Speech = {
  async open(t, url) {
    const peer = await webSocketPeer(t, url);
    const large = webSocketFrame(opcodes.binary, Buffer.alloc(101));
    return {
      up: peer,
      down: peer,
      message: (text) => webSocketFrame(opcodes.text, text),
      tooLarge: large.subarray(0, 6),
      endless: [large, "more"],
      hear: hearing(peer),
    };
  },
  request: webSocketUpgrade(),
  handshake: httpHandshake("GET / HTTP/1.1\r\nUpgrade: webso", "GET /"),
  foreign: "\0\0\0\0\r\n\r\n",
  refusals: { ...httpRefusals, tooLarge: closeFrame(1009) },
  tooMany: httpTooMany,
  goodbye: new RegExp(`last words${closeFrame(1000).source}`),
};

/** Messages go up in requests, to the path that opening the connection brings; how they come down, `opened` says. */
function overHttp(
  request: string,
  pathPattern: RegExp,
  opened: (
    opener: RawPeer,
    path: string,
    another: () => Promise<RawPeer>,
  ) => Promise<Pick<RawUser, "down" | "hear"> & Partial<Pick<RawUser, "up">>>,
  rest: Pick<Speech, "goodbye" | "gone"> & Partial<Pick<Speech, "refusals">>,
): Speech {
  const chunk = `1000\r\n${" ".repeat(0x1000)}\r\n`;
  return {
    async open(t, url) {
      const another = (): Promise<RawPeer> => RawPeer.connect(t, url);
      const opener = (await another()).write(request);
      const [, found] = pathPattern.exec(await opener.until(pathPattern))!;
      const path = found!.startsWith("/") ? found! : `/connections/${found}/messages`;
      const post = (framing: string, body: string): string =>
        `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json; charset=utf-8\r\n${framing}\r\n\r\n${body}`;
      const message = (text: string): string => {
        const body = JSON.stringify([text]);
        return post(`Content-Length: ${Buffer.byteLength(body)}`, body);
      };
      const tooLarge = post(`Content-Length: ${encodedBytesMax(100) + 1}`, "");
      const endless = [post("Transfer-Encoding: chunked", chunk.repeat(2)), chunk] as const;
      return { up: await another(), message, tooLarge, endless, ...(await opened(opener, path, another)) };
    },
    request,
    handshake: httpHandshake(request.slice(0, -2), "POST /connections"),
    foreign: "\x16\x03\x01 hello\r\n\r\n",
    refusals: httpRefusals,
    tooMany: httpTooMany,
    ...rest,
  };
}

const sse = overHttp(
  "GET /events HTTP/1.1\r\nHost: x\r\n\r\n",
  /"uplink":"([^"]+)"/,
  async (opener) => ({ down: opener, hear: hearing(opener) }),
  // The last chunk of RFC 9112 section 7.1.
  { goodbye: /data: "last words"\n\n\r\n0\r\n\r\n$/ },
);

const polling = overHttp(
  "POST /connections HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
  /\{"id":"([^"]+)"\}/,
  async (_opener, path, another) => {
    const down = await another();
    const hear = async (pattern: RegExp): Promise<string> => {
      for (let answers = 1; !pattern.test(down.received); answers++) {
        const cursor = /.*"cursor":(\d+)/s.exec(down.received)?.[1] ?? "0";
        down.write(`GET ${path}?after=${cursor} HTTP/1.1\r\nHost: x\r\n\r\n`);
        await down.until(new RegExp(`(?:HTTP/1\\.1 [^]*?){${answers}}`));
      }
      return down.received;
    };
    return { down, hear };
  },
  { goodbye: /"messages":\["last words"\]\}HTTP\/1\.1 410 /, gone: / 410 / },
);

const requests = overHttp(
  "POST /connections HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
  /\{"id":"([^"]+)"\}/,
  async (peer, path) => {
    const ask = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]`;
    const hear = async (pattern: RegExp): Promise<string> => {
      if (pattern.source !== " 410 ") return peer.until(pattern);
      return peer.write(ask).until(pattern);
    };
    return { up: peer, down: peer, hear };
  },
  // What follows the end is asked of somebody who is forgotten.
  {
    goodbye: /HTTP\/1\.1 410 [\s\S]*\["last words"\](?:HTTP\/1\.1 404 [\s\S]*)?$/,
    gone: / 410 /,
    refusals: { ...httpRefusals, tooLarge: /HTTP\/1\.1 413 / },
  },
);

const xmppHeader =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' " +
  "to='localhost' version='1.0'>";
const stanza = (text: string): string => `<message to='localhost'><body>${text}</body></message>`;
const xmppError = (condition: string): RegExp =>
  new RegExp(`<stream:error><${condition} xmlns="[^"]*"/>.*</stream:error></stream:stream>$`);

const xmpp: Speech = {
  async open(t, url) {
    const peer = await RawPeer.connect(t, url);
    const { username, password } = new URL(url);
    const scram = new ScramClient(username, password);
    const challenge = await peer.write(xmppHeader + auth(scram.mechanism, scram.first)).until(/<\/challenge>/);
    const bind = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
    await peer.write(saslResponse(scram.respond(saslData(challenge))) + xmppHeader + bind).until(/<jid>.*<\/iq>/);
    const tooLarge = stanza("x".repeat(101));
    return { up: peer, down: peer, message: stanza, tooLarge, endless: [tooLarge, "more"], hear: hearing(peer) };
  },
  request: xmppHeader,
  handshake: {
    half: xmppHeader,
    late: xmppError("connection-timeout"),
    silent: new RegExp(`^<\\?xml.*${xmppError("connection-timeout").source}`),
    endless: ["<stream:stream ", "a='b' "],
    tooLong: xmppError("policy-violation"),
    begun: /<\/stream:features>$/,
  },
  foreign: "GET / HTTP/1.1\r\n\r\n",
  refusals: {
    foreign: xmppError("not-well-formed"),
    tooLarge: xmppError("policy-violation"),
    tooMany: new RegExp(`^<\\?xml.*${xmppError("resource-constraint").source}`),
  },
  tooMany: { code: "connect-failed", message: /resource-constraint/ },
  goodbye: /<body>last words<\/body><\/message><\/stream:stream>$/,
};

const xmppUpgrade = webSocketUpgrade({ "Sec-WebSocket-Protocol": "xmpp" }, "/xmpp-websocket");
const framed = (xml: string): Buffer => webSocketFrame(opcodes.text, xml);
const framedStanza = (text: string): Buffer =>
  framed(stanza(text).replace("<message", "<message xmlns='jabber:client'"));
const framedOpen = framed("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>");
const framedClose = /<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"\/>/;
const framedError = (condition: string): RegExp =>
  new RegExp(
    `<stream:error [^>]*><${condition} xmlns="[^"]*"/>.*</stream:error>[^<]*${framedClose.source}${closeFrame(1000).source}`,
  );

const xmppWebsocket: Speech = {
  async open(t, url) {
    const peer = await webSocketPeer(t, url, xmppUpgrade);
    const { username, password } = new URL(url);
    const scram = new ScramClient(username, password);
    peer.write(framedOpen).write(framed(auth(scram.mechanism, scram.first)));
    const challenge = await peer.until(/<\/challenge>/);
    peer.write(framed(saslResponse(scram.respond(saslData(challenge)))));
    peer.write(framedOpen);
    peer.write(
      framed("<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"),
    );
    await peer.until(/<jid>.*<\/iq>/);
    const tooLarge = framedStanza("x".repeat(101));
    return { up: peer, down: peer, message: framedStanza, tooLarge, endless: [tooLarge, "more"], hear: hearing(peer) };
  },
  request: xmppUpgrade,
  handshake: httpHandshake(xmppUpgrade.slice(0, -2), "GET /xmpp-websocket"),
  foreign: "\0\0\0\0\r\n\r\n",
  refusals: { ...httpRefusals, tooLarge: framedError("policy-violation") },
  tooMany: httpTooMany,
  goodbye: new RegExp(`last words</body></message>[^<]*${framedClose.source}(?:${closeFrame(1000).source})?$`),
};

const postBody = (xml: string): string =>
  `POST /http-bind HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(xml)}\r\n\r\n${xml}`;
const boshCreation = postBody(
  "<body xmlns='http://jabber.org/protocol/httpbind' rid='1000' to='localhost' wait='60' hold='1' ver='1.6' " +
    "xmlns:xmpp='urn:xmpp:xbosh' xmpp:version='1.0'/>",
);

const bosh: Speech = {
  async open(t, url) {
    const peer = (await RawPeer.connect(t, url)).write(boshCreation);
    const [, sid] = /sid="([^"]+)"/.exec(await peer.until(/sid="[^"]+"[\s\S]*<\/body>/))!;
    let requests = 1;
    const body = (content: string, attributes = ""): string =>
      postBody(
        `<body xmlns='http://jabber.org/protocol/httpbind' rid='${1000 + requests++}' sid='${sid}'${attributes}>${content}</body>`,
      );
    const message = (text: string): string => body(stanza(text).replace("<message", "<message xmlns='jabber:client'"));
    const { username, password } = new URL(url);
    const scram = new ScramClient(username, password);
    const challenge = await peer.write(body(auth(scram.mechanism, scram.first))).until(/<\/challenge>/);
    await peer
      .write(body(saslResponse(scram.respond(saslData(/[\s\S]*<\/challenge>/.exec(challenge)![0]!)))))
      .until(/<success/);
    peer.write(body("", " xmpp:restart='true' xmlns:xmpp='urn:xmpp:xbosh'"));
    const bind = "<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
    await peer.write(body(bind)).until(/<jid>.*<\/iq>/);
    const chunk = `1000\r\n${" ".repeat(0x1000)}\r\n`;
    const begin = "POST /http-bind HTTP/1.1\r\nHost: x\r\n";
    return {
      // HTTP/1.1 lets a peer send requests before the last is answered.
      up: peer,
      down: peer,
      message,
      tooLarge: `${begin}Content-Length: ${boshBodyBytesMax(100) + 1}\r\n\r\n`,
      endless: [`${begin}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(3)}`, chunk],
      async hear(pattern) {
        while (!pattern.test(peer.received)) {
          const answers = peer.received.split("HTTP/1.1 200 ").length - 1;
          if (answers === requests) peer.write(body(""));
          await peer.until(new RegExp(`${pattern.source}|(?:HTTP/1\\.1 200 [\\s\\S]*?){${answers + 1}}`));
        }
        return peer.received;
      },
    };
  },
  request: boshCreation,
  handshake: httpHandshake("POST /http-bind HTTP/1.1\r\nHost: x\r\n", "POST /http-bind"),
  foreign: "\x16\x03\x01 hello\r\n\r\n",
  refusals: {
    ...httpRefusals,
    tooLarge: /HTTP\/1\.1 413 /,
    tooMany: /type="terminate" [^>]*><stream:error><resource-constraint /,
  },
  tooMany: { code: "connect-failed", message: /resource-constraint/ },
  goodbye: /<body type="terminate" xmlns="[^"]*"><message [^>]*><body>last words<\/body><\/message><\/body>/,
  gone: /condition="remote-stream-error" [^>]*><stream:error><resource-constraint /,
};

const speeches: Readonly<Record<string, Speech>> = {
  tcp,
  websocket,
  sse,
  http: requests,
  "short-polling": polling,
  "long-polling": polling,
  xmpp,
  "xmpp-websocket": xmppWebsocket,
  bosh,
};

const test = (title: string, run: (t: TestContext) => Promise<void> | void): void =>
  void it(title, { timeout: 60_000 }, run);

test("hostile peers speak every protocol there is", () => {
  assert.deepEqual(Object.keys(speeches).sort(), [...protocolNames].sort());
});

/** Echoes, and keeps what happens to the second connection: the first is that of a healthy user. */
function observed(): { behaviour: Behaviour; opened: ServerConnection[]; log: string[]; closed: Promise<void> } {
  const opened: ServerConnection[] = [];
  const log: string[] = [];
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const behaviour: Behaviour = (connection) => {
    const message = (payload: Payload): void => connection.send(payload);
    if (opened.push(connection) !== 2) return { message, closed() {} };
    return {
      message,
      gaveUp: () => void log.push("gave up"),
      closed() {
        log.push("closed");
        resolve();
      },
    };
  };
  return { behaviour, opened, log, closed };
}

/** Sends on and on without reading what comes, until the server has cut the connection: the next bytes bring a reset. */
async function stays({ socket }: RawPeer, bytes: Bytes): Promise<void> {
  const closed = new Promise((resolve) => socket.once("close", resolve));
  const sendOn = (): void => void (socket.writable && socket.write(bytes, () => setImmediate(sendOn)));
  sendOn();
  await closed;
}

const targets = protocols.flatMap((protocol) => [
  { ...protocol, spoken: `the ${protocol.server.traits.name} server`, options: {} },
  ...securedTargets(protocol)
    .filter(({ options }) => options.tls === "direct")
    .map(({ title, options }) => ({ ...protocol, spoken: `the server of ${title}`, options })),
]);

for (const { server, client, spoken, options } of targets) {
  const { name, uplink } = server.traits;
  const speech = speeches[name];
  // Which the test above has told.
  if (speech === undefined) continue;
  const { handshake } = speech;

  /** Attacks a fresh server that has one healthy user, whom it must go on to serve, and others too. */
  const attack = (
    title: string,
    limits: Partial<Limits>,
    run: (
      context: { t: TestContext; running: Awaited<ReturnType<typeof startTimed>>; url: string } & ReturnType<
        typeof observed
      >,
    ) => Promise<unknown>,
    connectionsAfter = 1,
  ): void => {
    test(title, async (t) => {
      const observing = observed();
      const running = await startTimed(t, server, limits, observing.behaviour, options);
      const healthy = await join(client, running.url);
      healthy.send("here");
      assert.equal(await healthy.next(), "here");
      await run({ t, running, url: running.url, ...observing });
      healthy.send("still here");
      assert.equal(await healthy.next(), "still here");
      await until(() => running.connections === connectionsAfter);
      await stillServes(client, running.url);
      await healthy.close();
    });
  };

  /** A user of whom the server knows, since it was answered. */
  const known = async (t: TestContext, url: string): Promise<RawUser> => {
    const user = await speech.open(t, url);
    user.up.write(user.message("hello"));
    await user.hear(/hello/);
    return user;
  };

  describe(spoken, () => {
    attack(
      "hears a message whose bytes come one by one",
      {},
      async ({ t, url, closed }) => {
        const user = await speech.open(t, url);
        user.up.socket.setNoDelay(true);
        for (const byte of Buffer.from(user.message("€ \u{1f600}!"))) {
          await new Promise((resolve) => user.up.socket.write(Buffer.of(byte), resolve));
          await turn();
        }
        await user.hear(new RegExp(Buffer.from("€ \u{1f600}!").toString("latin1")));
        user.up.socket.destroy();
        user.down.socket.destroy();
        if (uplink === "stream") await closed;
      },
      server.traits.downlink === "stream" ? 1 : 2,
    );

    attack("says why and closes when the first bytes are not the protocol's", {}, async ({ t, url }) => {
      const peer = await RawPeer.connect(t, url);
      assert.match(await peer.write(speech.foreign).untilEnd(), speech.refusals.foreign);
    });

    // A connection that rides on requests outlives one that is refused.
    const afterRefusal = uplink === "stream" ? 1 : 2;
    attack(
      "refuses a payload over the limit as soon as it is announced",
      { payloadBytesMax: 100 },
      async ({ t, url }) => {
        const user = await speech.open(t, url);
        if (uplink === "request") await user.up.write(user.tooLarge).until(speech.refusals.tooLarge);
        else {
          t.mock.timers.enable({ apis: ["setTimeout"] });
          await user.up.write(user.tooLarge).until(speech.refusals.tooLarge);
          await timePassing(t, user.up.untilEnd());
          t.mock.timers.reset();
          user.up.socket.destroy();
        }
      },
      afterRefusal,
    );

    attack(
      "cuts off a peer that was told to go and sends on and on, and not one that only takes its time",
      { payloadBytesMax: 100 },
      async ({ t, url, running }) => {
        const slow = await known(t, url);
        const user = await speech.open(t, url);
        const [begin, on] = user.endless;
        if (uplink === "request") {
          await user.up.write(begin).until(speech.refusals.tooLarge);
          running.allow(shortMs);
          await stays(user.up, on);
          running.allow(defaultLimits.handshakeMs);
        } else {
          t.mock.timers.enable({ apis: ["setTimeout"] });
          await user.up.write(begin).until(speech.refusals.tooLarge);
          await timePassing(t, stays(user.up, on));
          t.mock.timers.reset();
        }
        // The time a handshake may take is over; a connection that is older goes on.
        slow.up.write(slow.message("still here"));
        await slow.hear(/still here/);
      },
      afterRefusal + 1,
    );

    if (handshake !== undefined) {
      attack("ends a handshake that takes too long, and one that is not begun", {}, async ({ t, url, running }) => {
        if (handshake.begun !== undefined) t.mock.timers.enable({ apis: ["setTimeout"] });
        const silent = await RawPeer.connect(t, url);
        const slow = (await RawPeer.connect(t, url)).write(handshake.half);
        const ends = Promise.all([slow.untilEnd(), silent.untilEnd()]);
        if (handshake.begun === undefined) {
          running.allow(shortMs);
          await ends;
          running.allow(defaultLimits.handshakeMs);
        } else {
          // The other one came before it.
          await slow.until(handshake.begun);
          await timePassing(t, ends);
          t.mock.timers.reset();
        }
        assert.match(slow.received, handshake.late);
        assert.match(silent.received, handshake.silent);
      });

      attack("refuses a handshake that has no end", {}, async ({ t, url }) => {
        const peer = await RawPeer.connect(t, url);
        const [begin, on] = handshake.endless;
        assert.match(await peer.write(begin + on.repeat(2000)).untilEnd(), handshake.tooLong);
      });
    }

    for (const [how, leave] of [
      ["ends", ({ socket }: RawPeer) => socket.end()],
      ["resets", (peer: RawPeer) => peer.reset()],
    ] as const) {
      attack(
        `forgets a peer that ${how} in the middle of a message`,
        { idleMs: 500 },
        async ({ t, running, url, closed, log }) => {
          const user = await known(t, url);
          assert.equal(running.connections, 2);
          user.up.write(Buffer.from(user.message("only some")).subarray(0, -4));
          // What was sent before another user is served has come.
          await stillServes(client, url);
          leave(user.up);
          if (user.down !== user.up) leave(user.down);
          await closed;
          assert.deepEqual(log, ["closed"]);
        },
      );
    }

    attack(
      "gives up a consumer that does not read",
      { queueBytesMax: 100_000 },
      async ({ t, url, opened, log, closed }) => {
        const user = await known(t, url);
        user.down.stopReading();
        for (; log.length === 0; await turn())
          for (let sent = 0; sent < 10; sent++) opened[1]!.send("x".repeat(10_000));
        await closed;
        assert.deepEqual(log, ["gave up", "closed"]);
        user.down.socket.resume();
        await (speech.gone === undefined ? user.down.untilEnd() : user.hear(speech.gone));
      },
    );

    test("refuses a connection over the limit, says so, and serves again when one has gone", async (t) => {
      const running = await start(t, server, { connectionsMax: 1 }, echo, options);
      const first = await join(client, running.url);
      first.send("counted");
      await first.next();
      const peer = await RawPeer.connect(t, running.url);
      await peer.write(speech.request).until(speech.refusals.tooMany);
      if (uplink === "stream") await peer.untilEnd();
      const second = join(client, running.url).then(async ({ closed }) => Promise.reject(await closed));
      await assert.rejects(second, speech.tooMany);
      assert.equal(running.connections, 1);
      await first.close();
      await until(() => running.connections === 0);
      await stillServes(client, running.url);
    });

    test("says its last words and goodbye when the behaviour closes, and neither hears nor says more", async (t) => {
      const heard: unknown[] = [];
      const { promise: closed, resolve } = Promise.withResolvers<void>();
      const running = await start(
        t,
        server,
        {},
        (connection) => ({
          message(payload) {
            heard.push(payload);
            connection.send("last words");
            connection.close();
            connection.send("too late");
          },
          closed: resolve,
        }),
        options,
      );
      const user = await speech.open(t, running.url);
      user.up.write(user.message("first")).write(user.message("unheard"));
      await user.hear(speech.goodbye);
      for (const { socket } of [user.up, user.down]) socket.end();
      assert.doesNotMatch(await user.down.untilEnd(), /too late/);
      await closed;
      assert.equal(running.connections, 0);
      assert.deepEqual(heard, ["first"]);
    });

    test("cuts off a peer that stays although the behaviour closed", async (t) => {
      const { promise: opened, resolve: open } = Promise.withResolvers<void>();
      const { promise: closed, resolve } = Promise.withResolvers<void>();
      const running = await start(
        t,
        server,
        { idleMs: 300 },
        (connection) => {
          open();
          connection.close();
          return { message() {}, closed: resolve };
        },
        options,
      );
      const isPolled = server.traits.downlink === "polled";
      if (!isPolled) t.mock.timers.enable({ apis: ["setTimeout"] });
      const user = await speech.open(t, running.url);
      await opened;
      const ends = Promise.all([closed, uplink === "stream" ? user.down.untilEnd() : undefined]);
      await (isPolled ? ends : timePassing(t, ends));
      assert.equal(running.connections, 0);
    });

    test("rejects with the cause where its port is taken", async (t) => {
      const { url } = await start(t, server, {}, echo, options);
      const taken = { host: "127.0.0.1", port: Number(new URL(url).port), behaviour: echo, limits: defaultLimits };
      await assert.rejects(server.listen({ ...taken, options }), { code: "EADDRINUSE" });
    });

    test("lets go of everybody, without a goodbye, when it is closed, twice if asked", async (t) => {
      const { promise: closed, resolve } = Promise.withResolvers<void>();
      const running = await start(
        t,
        server,
        {},
        (connection) => ({
          message: (payload) => connection.send(payload),
          closed: resolve,
        }),
        options,
      );
      const { up, down } = await known(t, running.url);
      await Promise.all([running.close(), running.close(), up.untilEnd(), down.untilEnd(), closed]);
      assert.doesNotMatch(down.received, speech.goodbye);
      assert.equal(running.connections, 0);
    });
  });
}
