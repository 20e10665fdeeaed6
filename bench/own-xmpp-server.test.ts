/** XMPP servers that others wrote, reached as a user reaches one of their own: by a URL. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { trustCertificate } from "../clients/connection/trust.ts";
import { boshBinding } from "../clients/xmpp/bosh.ts";
import { openSession, type SessionOptions, type XmppSession } from "../clients/xmpp/session.ts";
import type { Binding } from "../clients/xmpp/stream.ts";
import { tcpBinding } from "../clients/xmpp/tcp.ts";
import { websocketBinding } from "../clients/xmpp/websocket.ts";
import { echoBehaviour } from "../load/behaviours/echo.ts";
import { defaultLimits } from "../protocol/contract.ts";
import { masked } from "../protocol/secrets.ts";
import { messageElement, messagePayload, messageType } from "../protocol/wires/xmpp-message.ts";
import { ejabberd } from "../servers/programs/ejabberd.ts";
import { startProgram } from "../servers/programs/program.ts";
import { prosody } from "../servers/programs/prosody.ts";
import { checkConformance } from "./conformance/suite.ts";
import { protocols } from "./targets/protocols.ts";
import { hasProgram } from "./testing.ts";

const bindingOf = (url: string): Binding => {
  if (url.startsWith("xmpp")) return tcpBinding;
  return url.startsWith("ws") ? websocketBinding : boshBinding;
};

const open = (url: string, options: Partial<SessionOptions> = {}): Promise<XmppSession> =>
  openSession(bindingOf(url), {
    url,
    limits: defaultLimits,
    user: 0,
    signal: AbortSignal.timeout(20_000),
    onStanza: () => {},
    ...options,
  });

/** The same with another user, password or parameter. */
const withUser = (url: string, user: string): string => url.replace(/\/\/[^:]+:/, `//${user}:`);
const withPassword = (url: string, password: string): string => url.replace(/:[^:@]+@/, `:${password}@`);

/** Logs in, sends a message to itself, and ends; resolves with what the session was. */
async function talkToOneself(url: string, options: Partial<SessionOptions> = {}) {
  const heard = Promise.withResolvers<unknown>();
  const onStanza: SessionOptions["onStanza"] = (stanza) => {
    if (stanza.name === "message") heard.resolve(messagePayload(stanza));
  };
  const session = await open(url, { ...options, onStanza });
  session.send(messageElement({ to: session.jid, type: messageType }, "€ to myself"));
  assert.equal(await heard.promise, "€ to myself");
  await session.close();
  assert.equal((await session.closed).by, "client");
  return session;
}

for (const protocol of protocols) {
  const { name, variantOf } = protocol.server.traits;
  if (name !== "xmpp" && variantOf !== "xmpp") continue;

  test(`${name} passes the conformance suite with the account of a number as with one for all`, async (t) => {
    const { behaviour } = echoBehaviour();
    const options = { host: "127.0.0.1", port: 0, behaviour, limits: defaultLimits };
    const running = await protocol.server.listen(options);
    t.after(() => running.close());
    for (const url of [running.url, withUser(running.url, "user%d")]) {
      const results = await checkConformance(protocol, { url, foreign: true, options: {} });
      assert.deepEqual(
        results.filter(({ outcome }) => outcome === "failed"),
        [],
        masked(url),
      );
    }
  });
}

for (const program of [prosody, ejabberd]) {
  const { name } = program;

  test(`a client logs in to ${name} on every binding, with and without TLS, with every mechanism it offers`, async (t: TestContext) => {
    if (!hasProgram(t, name)) return;
    const running = await startProgram(program);
    t.after(() => running.stop());
    const addresses = running.addresses as Record<string, string>;
    const encrypted = ["starttls", "xmpps", "wss", "https"];

    // Nobody vouches for its certificate yet.
    for (const way of encrypted) {
      const message = /self-signed.*NODE_EXTRA_CA_CERTS/;
      await assert.rejects(open(addresses[way]!), { code: "connect-failed", message }, way);
    }
    trustCertificate(running.certificate);
    const turns: Record<string, number> = {};
    for (const [way, url] of Object.entries(addresses)) {
      const best = await talkToOneself(url);
      assert.match(best.mechanism, /^SCRAM-SHA-/);
      turns[way] = best.loginRoundTrips;
      assert.equal((await talkToOneself(url, { mechanism: best.mechanism })).mechanism, best.mechanism, way);
      // Over TLS only, as far as Prosody is concerned.
      if (encrypted.includes(way)) assert.equal((await talkToOneself(url, { mechanism: "PLAIN" })).mechanism, "PLAIN");

      const many = withUser(url, "user%d");
      const sessions = await Promise.all([0, 1, 2].map((user) => open(many, { user })));
      assert.deepEqual(
        sessions.map(({ jid }) => jid.split("@")[0]),
        ["user0", "user1", "user2"],
      );
      const again = await open(many, { user: 1 });
      assert.notEqual(again.jid, sessions[1]!.jid, "one account, several connections");
      await Promise.all([...sessions, again].map((session) => session.close()));

      const wrong = /refused the login: not-authorized.*password is wrong/;
      await assert.rejects(open(withPassword(url, "wrong-Pw")), { message: wrong }, way);
      await assert.rejects(open(withUser(url, "nobody")), { message: wrong }, way);
    }
    // Features, two of SCRAM, features, a resource; STARTTLS asks once and opens the stream once more.
    assert.deepEqual(turns, { xmpp: 5, starttls: 7, xmpps: 5, ws: 5, wss: 5, http: 5, https: 5 });
    await assert.rejects(open(`${addresses.xmpp}?domain=example.invalid`), /stream error host-unknown.*\?domain=D/);
  });

  test(`${name} ends a session whose resource another one takes, which is called a conflict`, async (t) => {
    if (!hasProgram(t, name)) return;
    const running = await startProgram(program);
    t.after(() => running.stop());
    const first = await open(running.addresses!.xmpp!, { resource: "same" });
    const second = await open(running.addresses!.xmpp!, { resource: "same" });
    assert.equal(second.jid, first.jid);
    const { by, message } = await first.closed;
    assert.equal(by, "server");
    assert.match(message, /^stream error conflict \(Replaced by new connection\): another session has taken .*user%d/);
    await second.close();
  });
}
