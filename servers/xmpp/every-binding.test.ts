/** What goes to many is serialised once and then carried by every binding; clients that are not the tests' own read it. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { type Element, xml } from "@xmpp/xml";
import { boshBinding } from "../../clients/xmpp/bosh.ts";
import { openSession, type XmppSession } from "../../clients/xmpp/session.ts";
import type { Binding } from "../../clients/xmpp/stream.ts";
import { tcpBinding } from "../../clients/xmpp/tcp.ts";
import { websocketBinding } from "../../clients/xmpp/websocket.ts";
import { defaultLimits, type ProtocolServer } from "../../protocol/contract.ts";
import { until } from "../../protocol/testing.ts";
import { boshServer } from "../bosh.ts";
import { start } from "../testing.ts";
import { xmppServer } from "../xmpp.ts";
import { xmppWebsocketServer } from "../xmpp-websocket.ts";

interface Guest {
  readonly session: XmppSession;
  readonly heard: Element[];
  /** Waits for a stanza like this; text is the body's or the status'. */
  hears(name: string, from: string, text: string): Promise<void>;
}

async function join(binding: Binding, url: string, user: number, streamManagement: boolean): Promise<Guest> {
  const heard: Element[] = [];
  const session = await openSession(binding, {
    url: url.replace("://wirebench:", "://user%d:"),
    limits: defaultLimits,
    user,
    streamManagement,
    signal: AbortSignal.timeout(60_000),
    onStanza: (stanza) => void heard.push(stanza),
  });
  const hears = (name: string, from: string, text: string): Promise<void> =>
    until(() =>
      heard.some(
        (stanza) =>
          stanza.name === name &&
          stanza.attrs.from === from &&
          (stanza.getChildText("body") ?? stanza.getChildText("status") ?? "") === text,
      ),
    );
  return { session, heard, hears };
}

const room = "tea@rooms.localhost";
const bindings: readonly (readonly [ProtocolServer, Binding, streamManagement: readonly boolean[]])[] = [
  [xmppServer, tcpBinding, [false, true]],
  [xmppWebsocketServer, websocketBinding, [false, true]],
  [boshServer, boshBinding, [false]],
];

for (const [server, binding, variants] of bindings) {
  for (const streamManagement of variants) {
    const title = streamManagement ? `${server.traits.name} with stream management` : server.traits.name;
    it(`${title} carries presence and rooms`, { timeout: 60_000 }, async (t) => {
      const { url } = await start(t, server);
      const [ann, bob] = await Promise.all([0, 1].map((user) => join(binding, url, user, streamManagement)));
      assert.ok(ann && bob);
      const [annJid, bobJid] = [ann.session.jid, bob.session.jid];
      assert.match(annJid, /^user0@localhost\//);

      for (const { session } of [ann, bob]) session.send(xml("presence"));
      await ann.hears("presence", annJid, "");
      await bob.hears("presence", bobJid, "");
      ann.session.send(xml("presence", { type: "subscribe", to: "user1@localhost" }));
      await bob.hears("presence", "user0@localhost", "");
      bob.session.send(xml("presence", { type: "subscribed", to: "user0@localhost" }));
      await ann.hears("presence", bobJid, "");
      bob.session.send(xml("presence", {}, xml("status", {}, "a < b & c")));
      await ann.hears("presence", bobJid, "a < b & c");

      for (const [nick, { session }] of [
        ["Ann", ann],
        ["Bob", bob],
      ] as const) {
        session.send(xml("presence", { to: `${room}/${nick}` }, xml("x", { xmlns: "http://jabber.org/protocol/muc" })));
      }
      await Promise.all(
        [ann, bob].flatMap((guest) => ["Ann", "Bob"].map((nick) => guest.hears("presence", `${room}/${nick}`, ""))),
      );
      bob.session.send(xml("message", { to: room, type: "groupchat" }, xml("body", {}, "<tea> & \u{1f36a}")));
      await Promise.all([ann, bob].map((guest) => guest.hears("message", `${room}/Bob`, "<tea> & \u{1f36a}")));
      await bob.session.close();
      await until(() => ann.heard.some(({ attrs }) => attrs.from === bobJid && attrs.type === "unavailable"));
      await ann.session.close();
    });
  }
}
