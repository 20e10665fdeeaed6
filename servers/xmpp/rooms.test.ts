import assert from "node:assert/strict";
import { describe } from "node:test";
import { RawPeer, serve, test } from "./testing.ts";

const room = "tea@rooms.localhost";
const enter = (nick: string, to = room): string =>
  `<presence to='${to}/${nick}'><x xmlns='http://jabber.org/protocol/muc'/></presence>`;
const say = (text: string): string => `<message to='${room}' type='groupchat' id='m'><body>${text}</body></message>`;
const about = (attributes: string, jid: string, codes: readonly number[] = []): string =>
  `<x xmlns="http://jabber.org/protocol/muc#user"><item ${attributes} jid="${jid}"/>` +
  `${codes.map((code) => `<status code="${code}"/>`).join("")}</x>`;
const owner = `affiliation="owner" role="moderator"`;
const participant = `affiliation="none" role="participant"`;

describe("the XMPP server has rooms", () => {
  test("that are made by who enters first, and where all see each other", async () => {
    await using server = await serve();
    using ann = await RawPeer.login(server, "r", "user0");
    using bob = await RawPeer.login(server, "r", "user1");
    const subject = `<message from="${room}" type="groupchat" to="TO"><subject/></message>`;
    const made = await ann.hear(enter("Ann"));
    assert.equal(
      made,
      `<presence to="${ann.jid}" from="${room}/Ann">${about(owner, ann.jid, [100, 201, 110])}</presence>` +
        subject.replace("TO", ann.jid),
    );
    const entered = await bob.hear(
      `<presence to='${room}/Bob'><show>away</show><x xmlns='http://jabber.org/protocol/muc'/></presence>`,
    );
    assert.equal(
      entered,
      `<presence to="${bob.jid}" from="${room}/Ann">${about(owner, ann.jid)}</presence>` +
        `<presence to="${bob.jid}" from="${room}/Bob"><show>away</show>${about(participant, bob.jid, [100, 110])}</presence>` +
        subject.replace("TO", bob.jid),
    );
    assert.equal(
      await ann.settle(),
      `<presence to="${ann.jid}" from="${room}/Bob"><show>away</show>${about(participant, bob.jid)}</presence>`,
    );
  });

  test("where a message goes to all, the sender included, whatever it claims to be", async () => {
    await using server = await serve();
    using ann = await RawPeer.login(server, "r", "user0");
    using bob = await RawPeer.login(server, "r", "user1");
    await ann.hear(enter("Ann"));
    await bob.hear(enter("Bob"));
    await ann.settle();
    const forged =
      "<x xmlns='http://jabber.org/protocol/muc#user'><status code='307'/></x>" +
      "<m:x xmlns:m='http://jabber.org/protocol/muc#user'><m:status code='307'/></m:x>";
    const heard = await bob.hear(
      `<message from='${room}/Ann' to='${room}' type='groupchat' id='m'><body>a &lt; b &amp; "c"</body>${forged}</message>`,
    );
    const message = (to: string): string =>
      `<message from="${room}/Bob" to="${to}" type="groupchat" id="m"><body>a &lt; b &amp; "c"</body></message>`;
    assert.equal(heard, message(bob.jid));
    assert.equal(await ann.settle(), message(ann.jid));
  });

  test("with a nick for one only, which can be changed", async () => {
    await using server = await serve();
    using ann = await RawPeer.login(server, "r", "user0");
    using bob = await RawPeer.login(server, "r", "user1");
    await ann.hear(enter("Ann"));
    assert.match(
      await bob.hear(enter("Ann")),
      new RegExp(`^<presence type="error" from="${room}/Ann" to="${bob.jid}"><error type="cancel"><conflict `),
    );
    assert.match(await bob.hear(say("not here")), /<not-acceptable /);
    await bob.hear(enter("Bob"));
    await ann.settle();
    assert.match(await bob.hear(enter("Ann")), /<conflict /);
    await bob.hear(`<presence to='${room}/Rob'/>`);
    const renamed = await ann.settle();
    assert.match(renamed, new RegExp(`from="${room}/Bob" type="unavailable".*nick="Rob"/><status code="303"/>`));
    assert.match(renamed, new RegExp(`<presence to="${ann.jid}" from="${room}/Rob">`));
    assert.match(await bob.hear(say("me")), new RegExp(`from="${room}/Rob"`));
  });

  test("with a subject that its moderator sets and who enters hears", async () => {
    await using server = await serve();
    using ann = await RawPeer.login(server, "r", "user0");
    using bob = await RawPeer.login(server, "r", "user1");
    const subject = (text: string): string =>
      `<message to='${room}' type='groupchat'><subject>${text}</subject></message>`;
    await ann.hear(enter("Ann"));
    await ann.hear(subject("tea"));
    assert.match(await bob.hear(enter("Bob")), new RegExp(`from="${room}/Ann"[^>]*><subject>tea</subject></message>$`));
    assert.match(await bob.hear(subject("coffee")), /<forbidden /);
    assert.match(await ann.hear(subject("x".repeat(2000))), /<policy-violation /);
  });

  test("where two may talk aside, in messages and requests", async () => {
    await using server = await serve();
    using ann = await RawPeer.login(server, "r", "user0");
    using bob = await RawPeer.login(server, "r", "user1");
    await ann.hear(enter("Ann"));
    await bob.hear(enter("Bob"));
    await ann.settle();
    await bob.hear(`<message to='${room}/Ann' type='chat'><body>psst</body></message>`);
    const whispered = `<message to="${ann.jid}" type="chat" from="${room}/Bob"><body>psst</body></message>`;
    assert.equal(await ann.settle(), whispered);
    await bob.hear(`<iq to='${room}/Ann' type='get' id='q'><query xmlns='urn:x'/></iq>`);
    assert.match(await ann.settle(), new RegExp(`<iq to="${ann.jid}" type="get" id="q" from="${room}/Bob">`));
    await ann.hear(`<iq to='${room}/Bob' type='result' id='q'/>`);
    assert.equal(await bob.settle(), `<iq to="${bob.jid}" type="result" id="q" from="${room}/Ann"/>`);
    assert.match(await bob.hear(`<message to='${room}/Nobody' type='chat'><body/></message>`), /<item-not-found /);
    assert.match(await bob.hear(`<message to='${room}/Ann' type='groupchat'><body/></message>`), /<bad-request /);
    using eve = await RawPeer.login(server, "r", "user2");
    assert.match(await eve.hear(`<message to='${room}/Ann' type='chat'><body/></message>`), /<not-acceptable /);
  });

  for (const [how, leave] of [
    ["says so", (peer: RawPeer) => void peer.write(`<presence to='${room}/Bob' type='unavailable'/>`)],
    ["is not available any more", (peer: RawPeer) => void peer.write("<presence/><presence type='unavailable'/>")],
    ["ends its stream", (peer: RawPeer) => void peer.write("</stream:stream>")],
    ["is cut off", (peer: RawPeer) => void peer.socket.resetAndDestroy()],
  ] as const) {
    test(`that an occupant leaves who ${how}`, async () => {
      await using server = await serve();
      using ann = await RawPeer.login(server, "r", "user0");
      using bob = await RawPeer.login(server, "r", "user1");
      await ann.hear(enter("Ann"));
      await bob.hear(enter("Bob"));
      await ann.settle();
      leave(bob);
      assert.equal(
        await ann.until("</presence>"),
        `<presence from="${room}/Bob" type="unavailable" to="${ann.jid}">` +
          `${about(`affiliation="none" role="none"`, bob.jid)}</presence>`,
      );
      assert.match(await ann.hear(say("alone")), /^<message [^>]*><body>alone<\/body><\/message>$/);
    });
  }

  test("in which a prefix is bound wherever it goes", async () => {
    await using server = await serve();
    using ann = await RawPeer.login(server, "r", "user0");
    using bob = await RawPeer.login(server, "r", "user1");
    await ann.hear(enter("Ann"));
    await bob.hear(enter("Bob"));
    await ann.settle();
    const bound = "xmlns:a='urn:a'";
    bob.write(`<presence ${bound} to='${room}/Bob'><a:here/></presence>`);
    assert.match(await ann.until("</presence>"), /^<presence xmlns:a="urn:a" [^>]*><a:here\/>/);
    bob.write(`<message ${bound} to='${room}' type='groupchat'><a:word/></message>`);
    assert.match(await ann.until("</message>"), /^<message xmlns:a="urn:a" [^>]*><a:word\/>/);
    bob.write(`<presence ${bound} to='${room}/Bob' type='unavailable'><a:gone/></presence>`);
    assert.match(await ann.until("</presence>"), /^<presence [^>]* xmlns:a="urn:a"[^>]*><a:gone\/>/);
  });

  test("that are gone with the last occupant", async () => {
    await using server = await serve();
    using ann = await RawPeer.login(server, "r", "user0");
    using bob = await RawPeer.login(server, "r", "user1");
    const items =
      "<iq type='get' id='i' to='rooms.localhost'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>";
    await ann.hear(enter("Ann"));
    assert.match(await bob.hear(items), new RegExp(`<item jid="${room}"/>`));
    assert.match(await ann.hear(`<presence to='${room}/Ann' type='unavailable'/>`), /<status code="110"\/>/);
    assert.doesNotMatch(await bob.hear(items), /<item /);
    assert.match(await bob.hear(say("anybody?")), /<item-not-found /);
    assert.match(await bob.hear(enter("Bob")), /<status code="201"\/>/);
  });

  test("that throw out who answers with errors what they send", async () => {
    await using server = await serve();
    using ann = await RawPeer.login(server, "r", "user0");
    using bob = await RawPeer.login(server, "r", "user1");
    await ann.hear(enter("Ann"));
    await bob.hear(enter("Bob"));
    await ann.settle();
    const kicked = await bob.hear(`<message to='${room}' type='error'><error type='cancel'/></message>`);
    assert.match(kicked, /<status code="307"\/><status code="333"\/><status code="110"\/>/);
    assert.match(await ann.settle(), /from="[^"]*\/Bob" type="unavailable".*<status code="307"\/>/);
  });

  test("that can be discovered, and that their owner accepts as they are", async () => {
    await using server = await serve();
    using ann = await RawPeer.login(server, "r", "user0");
    using bob = await RawPeer.login(server, "r", "user1");
    await ann.hear(enter("Ann"));
    await bob.hear(enter("Bob"));
    const info = (to: string): string =>
      `<iq type='get' id='i' to='${to}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`;
    assert.match(
      await bob.hear(info("rooms.localhost")),
      /category="conference".*var="http:\/\/jabber.org\/protocol\/muc"/,
    );
    assert.match(await bob.hear(info(room)), /<feature var="muc_open"\/>/);
    assert.match(await bob.hear(info("none@rooms.localhost")), /<item-not-found /);
    const submit = (form: string): string =>
      `<iq type='set' id='o' to='${room}'><query xmlns='http://jabber.org/protocol/muc#owner'>${form}</query></iq>`;
    const asIs = submit("<x xmlns='jabber:x:data' type='submit'/>");
    assert.match(await ann.hear(asIs), /type="result"/);
    assert.match(await bob.hear(asIs), /<forbidden /);
    assert.match(await ann.hear(submit("<destroy/>")), /<not-acceptable /);
  });

  test("as many, and with as many in them, as it may have", async () => {
    const bounds = { roomsMax: 2, occupantsPerRoomMax: 2, roomsPerResourceMax: 1 };
    await using server = await serve({ bounds });
    const [ann, bob, eve] = await Promise.all([0, 1, 2].map((i) => RawPeer.login(server, "r", `user${i}`)));
    const refused = /^<presence type="error".*<error type="wait"><resource-constraint /;
    await ann!.hear(enter("Ann", "a@rooms.localhost"));
    assert.match(await ann!.hear(enter("Ann", "b@rooms.localhost")), refused);
    await bob!.hear(enter("Bob", "b@rooms.localhost"));
    assert.match(await eve!.hear(enter("Eve", "c@rooms.localhost")), refused);
    assert.match(await eve!.hear(enter("Eve", "a@rooms.localhost")), /<status code="110"\/>/);
    await eve!.hear("<presence type='unavailable' to='a@rooms.localhost/Eve'/>");
    await eve!.hear(enter("Eve", "b@rooms.localhost"));
    using last = await RawPeer.login(server, "r", "user3");
    assert.match(await last.hear(enter("Last", "b@rooms.localhost")), refused);
    for (const peer of [ann!, bob!, eve!]) peer.socket.destroy();
  });

  test("that bear with what makes no sense", async () => {
    await using server = await serve();
    using peer = await RawPeer.login(server, "r", "user0");
    for (const [stanza, answer] of [
      [`<presence to='${room}'/>`, /<jid-malformed /],
      [`<presence to='${room}/x'><status>${"x".repeat(5000)}</status></presence>`, /<policy-violation /],
      [`<presence to='${room}/x' id='${"x".repeat(5000)}'/>`, /<policy-violation /],
      [`<presence to='${room}/x' type='unavailable'/>`, /^$/],
      [`<presence to='${room}/x' type='subscribe'/>`, /^$/],
      ["<presence to='rooms.localhost'/>", /^$/],
      ["<message to='rooms.localhost'><body/></message>", /<service-unavailable /],
      ["<iq to='rooms.localhost' type='get' id='1'><query xmlns='urn:x'/></iq>", /<service-unavailable /],
      [`<message to='${room}' type='error'/>`, /^$/],
      ["<presence to='__proto__@rooms.localhost/constructor'/>", /<status code="110"\/>/],
    ] as const) {
      assert.match(await peer.hear(stanza), answer, stanza);
    }
  });

  test("in which the dead do not keep the living from talking", async () => {
    await using server = await serve({ limits: { queueBytesMax: 128 * 1024 } });
    const peers = await Promise.all(Array.from({ length: 20 }, (_, i) => RawPeer.login(server, "r", `user${i}`)));
    const [talker, ...others] = peers as [RawPeer, ...RawPeer[]];
    for (const [i, peer] of peers.entries()) await peer.hear(enter(`n${i}`));
    const deaf = others.slice(0, 10);
    for (const peer of deaf) peer.socket.pause();
    others[10]!.socket.resetAndDestroy();
    let heard = "";
    while (server.connections > 9) heard += await talker.hear(say("x".repeat(60_000)));
    heard += await talker.hear(say("last"));
    assert.equal(heard.match(/type="unavailable"/g)?.length, 11);
    assert.match(heard, /<body>last<\/body>/);
    for (const peer of others.slice(11)) await peer.until("<body>last</body>");
    for (const peer of peers) peer.socket.destroy();
  });
});
