/** What is the WebSocket binding's own (RFC 7395); what any server does with hostile peers is tested for all of them. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { xmppWebsocketClient } from "../clients/xmpp-websocket.ts";
import type { RunningServer } from "../protocol/contract.ts";
import { closeFrame, opcodes, RawPeer, start, stillServes, webSocketFrame, webSocketUpgrade } from "./testing.ts";
import { auth, ScramClient, saslData, saslResponse } from "./xmpp/testing.ts";
import { xmppWebsocketServer } from "./xmpp-websocket.ts";

const open = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>";
const close = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>";
const closed = /<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"\/>/;
const bind = "<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
const message = (text: string): string =>
  `<message xmlns='jabber:client' to='localhost'><body>${text}</body></message>`;
const upgrade = webSocketUpgrade({ "Sec-WebSocket-Protocol": "chat, xmpp" }, "/xmpp-websocket");
const text = (xml: string): Buffer => webSocketFrame(opcodes.text, xml);

async function peerOf(t: TestContext, { url }: RunningServer): Promise<RawPeer> {
  const peer = await RawPeer.connect(t, url);
  await peer.write(upgrade).until(/^HTTP\/1\.1 101 [\s\S]*Sec-WebSocket-Protocol: xmpp\r\n(?:[\s\S]*\r\n)?\r\n/);
  return peer;
}

/** As far as `<success/>`. */
async function authenticated(t: TestContext, running: RunningServer): Promise<RawPeer> {
  const peer = await peerOf(t, running);
  const { username, password } = new URL(running.url);
  const scram = new ScramClient(username, password);
  const challenge = await peer
    .write(text(open))
    .write(text(auth(scram.mechanism, scram.first)))
    .until(/<\/challenge>/);
  await peer.write(text(saslResponse(scram.respond(saslData(challenge))))).until(/<\/success>/);
  return peer;
}

async function loggedIn(t: TestContext, running: RunningServer): Promise<RawPeer> {
  const peer = await authenticated(t, running);
  for (const frame of [open, bind]) peer.write(text(frame));
  await peer.until(/<jid>.*<\/iq>/);
  return peer;
}

/** Ends as a frame of the peer makes the server end it, while others are served. */
const error = (condition: string): RegExp =>
  new RegExp(
    `<stream:error xmlns:stream="http://etherx.jabber.org/streams"><${condition} xmlns="[^"]*"/>.*</stream:error>` +
      `[^<]*${closed.source}${closeFrame(1000).source}`,
  );

const test = (title: string, run: (t: TestContext) => Promise<void>): void => void it(title, { timeout: 60_000 }, run);

describe("the XMPP WebSocket server", () => {
  test("opens a stream, lets it be opened again after the login, and declares namespaces in every frame", async (t) => {
    const running = await start(t, xmppWebsocketServer);
    const peer = await authenticated(t, running);
    await peer.until(
      /<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" from="localhost" id="[\w-]{12}" version="1\.0" xml:lang="en"\/>[^<]*<stream:features xmlns:stream="http:\/\/etherx\.jabber\.org\/streams"><mechanisms /,
    );
    await peer.write(text(open)).until(/(<open .*){2}<stream:features [^>]*><bind /s);
    await peer.write(text(bind)).until(/<iq xmlns="jabber:client" [^>]*><bind xmlns="[^"]*"><jid>[^<]*<\/jid>/);
    await peer
      .write(text(message("hello")))
      .until(
        /<message xmlns="jabber:client" from="localhost" to="[^"]*" type="headline"><body>hello<\/body><\/message>/,
      );
  });

  test("answers <close/> with <close/> and a close frame", async (t) => {
    const running = await start(t, xmppWebsocketServer);
    const peer = await loggedIn(t, running);
    await peer.write(text(close)).until(new RegExp(closed.source + closeFrame(1000).source));
    assert.equal(running.connections, 0);
  });

  const upgrades: readonly (readonly [string, string, RegExp])[] = [
    ["no subprotocol", webSocketUpgrade({}, "/xmpp-websocket"), /^HTTP\/1\.1 400 [\s\S]*subprotocol xmpp/],
    ["another one", webSocketUpgrade({ "Sec-WebSocket-Protocol": "mqtt" }, "/xmpp-websocket"), /^HTTP\/1\.1 400 /],
    ["another path", webSocketUpgrade({ "Sec-WebSocket-Protocol": "xmpp" }, "/"), /^HTTP\/1\.1 404 /],
    ["no upgrade", "GET /xmpp-websocket HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", /^HTTP\/1\.1 426 /],
  ];
  for (const [title, request, refusal] of upgrades) {
    test(`refuses a handshake with ${title}`, async (t) => {
      const peer = await RawPeer.connect(t, (await start(t, xmppWebsocketServer)).url);
      assert.match(await peer.write(request).untilEnd(), refusal);
    });
  }

  const deep = `${"<a>".repeat(10_000)}`;
  const faults: readonly (readonly [title: string, before: boolean, frame: Buffer, answer: RegExp])[] = [
    [
      "a binary frame",
      true,
      webSocketFrame(opcodes.binary, message("x")),
      new RegExp(closed.source + closeFrame(1003).source),
    ],
    ["a binary frame before the stream", false, webSocketFrame(opcodes.binary, open), closeFrame(1003)],
    ["half an element", true, text("<message xmlns='jabber:client'>"), error("bad-format")],
    ["two elements in a frame", true, text(message("a") + message("b")), error("bad-format")],
    ["an end tag without a beginning", true, text("</message>"), error("not-well-formed")],
    ["the end of what the reader has around", true, text("</frames>"), error("bad-format")],
    ["a frame without an element", true, text(" "), error("bad-format")],
    [
      "a stream header of TCP",
      false,
      text("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"),
      error("bad-format"),
    ],
    ["a stanza before the stream is open", false, text(message("x")), error("invalid-namespace")],
    ["a stanza before the login", false, Buffer.concat([text(open), text(message("x"))]), error("not-authorized")],
    ["a stream that is opened twice", true, text(open), error("bad-format")],
    ["another domain", false, text(open.replace("localhost", "example.org")), error("host-unknown")],
    ["no version", false, text(open.replace("version='1.0'", "")), error("unsupported-version")],
    [
      "a stanza without a namespace",
      true,
      text("<message to='localhost'><body>x</body></message>"),
      error("invalid-namespace"),
    ],
    ["a document type declaration", true, text("<!DOCTYPE a []>"), error("restricted-xml")],
    ["an entity", true, text(message("&lol;")), error("restricted-xml")],
    ["10,000 elements inside one another", true, text(deep), error("policy-violation")],
    ["10,000 of them before the login", false, text(deep), closeFrame(1009)],
    ["a frame over the limit before the login", false, text("x".repeat(10_001)).subarray(0, 8), closeFrame(1009)],
  ];
  for (const [title, isLoggedIn, frame, answer] of faults) {
    test(`ends the stream for ${title}, and serves others`, async (t) => {
      const running = await start(t, xmppWebsocketServer);
      const peer = await (isLoggedIn ? loggedIn(t, running) : peerOf(t, running));
      await peer.write(frame).until(answer);
      await peer.write(webSocketFrame(opcodes.close, "")).untilEnd();
      await stillServes(xmppWebsocketClient, running.url);
    });
  }

  test("takes frames as large as the limit says after the login", async (t) => {
    const running = await start(t, xmppWebsocketServer);
    const peer = await loggedIn(t, running);
    await peer.write(text(message("x".repeat(20_000)))).until(/x{20000}<\/body>/);
  });

  test("hears frames in fragments, split at every byte, with an XML declaration and white space", async (t) => {
    const running = await start(t, xmppWebsocketServer);
    const peer = await loggedIn(t, running);
    peer.socket.setNoDelay(true);
    const whole = `<?xml version='1.0'?>${message("€ \u{1f600}")}\n`;
    const fragments = [...Buffer.from(whole)].map((byte, index, { length }) => {
      const frame = webSocketFrame(index === 0 ? opcodes.text : 0, Buffer.of(byte));
      if (index < length - 1) frame[0]! &= 0x7f;
      return frame;
    });
    for (const byte of Buffer.concat(fragments)) {
      await new Promise((resolve) => peer.socket.write(Buffer.of(byte), resolve));
      if (byte % 8 === 0) await turn();
    }
    await peer.until(new RegExp(`<body>${Buffer.from("€ \u{1f600}").toString("latin1")}</body>`));
  });
});
