import assert from "node:assert/strict";
import { once } from "node:events";
import { describe } from "node:test";
import { RawPeer, serve, type TestServer, test } from "./testing.ts";

/** The first hears of the second's presence. */
async function follow(follower: RawPeer, followed: RawPeer): Promise<void> {
  await follower.hear(`<presence type='subscribe' to='${followed.bare}'/>`);
  await followed.hear(`<presence type='subscribed' to='${follower.bare}'/>`);
  await follower.settle();
}

const pair = async (server: TestServer): Promise<[RawPeer, RawPeer]> => [
  await RawPeer.available(server, "user0"),
  await RawPeer.available(server, "user1"),
];

const item = (jid: string, subscription: string, ask = ""): string =>
  `<item jid="${jid}" subscription="${subscription}"${ask}/>`;

describe("the XMPP server subscribes", () => {
  test("an account to another that lets it, and tells both as it goes", async () => {
    await using server = await serve();
    const [ann, bob] = await pair(server);
    using _a = ann;
    using _b = bob;
    const asked = await ann.hear(
      "<presence type='subscribe' to='user1@localhost/r' id='s'><status>please</status></presence>",
    );
    assert.ok(asked.includes(item("user1@localhost", "none", ` ask="subscribe"`)), asked);
    assert.equal(
      await bob.settle(),
      `<presence type="subscribe" to="user1@localhost" id="s" from="user0@localhost"><status>please</status></presence>`,
    );
    const approved = await bob.hear("<presence type='subscribed' to='user0@localhost'/>");
    assert.ok(approved.includes(item("user0@localhost", "from")), approved);
    const heard = await ann.settle();
    const order = [
      `type="subscribed"`,
      item("user1@localhost", "to"),
      `from="user1@localhost/r" to="user0@localhost"/>`,
    ];
    const places = order.map((text) => heard.indexOf(text));
    assert.ok(places[0]! >= 0 && places[0]! < places[1]! && places[1]! < places[2]!, heard);
    await follow(bob, ann);
    const both = await ann.hear("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>");
    assert.ok(both.includes(item("user1@localhost", "both")), both);
  });

  test("nobody to one who declines, or who was not asked", async () => {
    await using server = await serve();
    const [ann, bob] = await pair(server);
    using _a = ann;
    using _b = bob;
    await ann.hear("<presence type='subscribe' to='user1@localhost'/>");
    await bob.hear("<presence type='unsubscribed' to='user0@localhost'/>");
    const declined = await ann.settle();
    assert.match(declined, /type="unsubscribed"/);
    assert.ok(declined.includes(item("user1@localhost", "none")), declined);
    await bob.hear(`<iq type='set' id='k'><query xmlns='jabber:iq:roster'><item jid='user0@localhost'/></query></iq>`);
    assert.equal(await bob.hear("<presence type='subscribed' to='user0@localhost'/>"), "");
    assert.equal(await ann.settle(), "");
    await bob.hear("<presence><status>unheard</status></presence>");
    assert.equal(await ann.settle(), "");
  });

  test("until either side ends it", async () => {
    await using server = await serve();
    const [ann, bob] = await pair(server);
    using _a = ann;
    using _b = bob;
    await follow(ann, bob);
    const left = await ann.hear("<presence type='unsubscribe' to='user1@localhost'/>");
    assert.ok(left.includes(item("user1@localhost", "none")), left);
    assert.match(left, /from="user1@localhost\/r" to="user0@localhost" type="unavailable"/);
    const told = await bob.settle();
    assert.match(told, /type="unsubscribe"/);
    assert.ok(told.includes(item("user0@localhost", "none")), told);

    await follow(ann, bob);
    await bob.hear("<presence type='unsubscribed' to='user0@localhost'/>");
    const revoked = await ann.settle();
    assert.match(revoked, /type="unavailable".*type="unsubscribed"/);
    await bob.hear("<presence><status>unheard</status></presence>");
    assert.equal(await ann.settle(), "");
  });

  test("nobody any more whose contact is removed from the roster", async () => {
    await using server = await serve();
    const [ann, bob] = await pair(server);
    using _a = ann;
    using _b = bob;
    await follow(ann, bob);
    await follow(bob, ann);
    await bob.settle();
    const remove = "<item jid='user1@localhost' subscription='remove'/>";
    const removed = await ann.hear(`<iq type='set' id='x'><query xmlns='jabber:iq:roster'>${remove}</query></iq>`);
    assert.match(removed, /jid="user1@localhost" subscription="remove"/);
    const told = await bob.settle();
    for (const type of ["unsubscribe", "unsubscribed", "unavailable"]) assert.match(told, new RegExp(`type="${type}"`));
    assert.ok(told.includes(item("user0@localhost", "none")), told);
  });

  test("one who was offline when asked, and answers for one who was let in before", async () => {
    await using server = await serve();
    using ann = await RawPeer.available(server, "user0");
    await ann.hear("<presence type='subscribe' to='user1@localhost'/>");
    using bob = await RawPeer.login(server, "r", "user1");
    assert.equal(await bob.hear("<iq type='result' id='none'/>"), "");
    assert.match(await bob.hear("<presence/>"), /type="subscribe"/);
    await bob.hear("<presence type='subscribed' to='user0@localhost'/>");
    await ann.settle();
    assert.match(await ann.hear("<presence type='subscribe' to='user1@localhost'/>"), /from="user1@localhost\/r"/);
    assert.equal(await bob.settle(), "");
  });

  test("nobody to itself, to an account there is not, or to another server", async () => {
    await using server = await serve();
    using ann = await RawPeer.available(server, "user0");
    assert.match(await ann.hear("<presence type='subscribe' to='user0@localhost'/>"), /<not-allowed /);
    assert.equal(await ann.hear("<presence type='subscribe' to='nobody@localhost'/>"), "");
    assert.match(await ann.hear("<presence type='subscribe' to='bob@example.org'/>"), /<remote-server-not-found /);
    assert.match(await ann.hear("<presence type='perhaps' to='user1@localhost'/>"), /<bad-request /);
    assert.match(await ann.hear("<presence type='subscribe'/>"), /<bad-request /);
  });
});

describe("the XMPP server tells who is available", () => {
  test("to followers and own resources, from the first presence to the last", async () => {
    await using server = await serve();
    const [ann, bob] = await pair(server);
    using _a = ann;
    using _b = bob;
    await follow(ann, bob);
    using phone = await RawPeer.login(server, "phone", "user1");
    assert.equal(await ann.settle(), "");
    const first = await phone.hear("<presence from='user9@localhost/forged'><show>away</show></presence>");
    const show = `<presence from="user1@localhost/phone" to="user0@localhost"><show>away</show></presence>`;
    assert.equal(await ann.settle(), show);
    assert.match(await bob.settle(), /from="user1@localhost\/phone" to="user1@localhost"/);
    // Its own presence, and that of the resource that was there before; Ann's does not concern it.
    assert.match(first, /from="user1@localhost\/phone".*from="user1@localhost\/r" to="user1@localhost\/phone"/);
    assert.doesNotMatch(first, /user0/);
    await phone.hear("<presence type='unavailable'><status>bye</status></presence>");
    assert.match(await ann.settle(), /type="unavailable".*<status>bye</);
    await phone.hear("<presence type='unavailable'/>");
    assert.equal(await ann.settle(), "");
  });

  test("to one who comes later", async () => {
    await using server = await serve();
    const [ann, bob] = await pair(server);
    using _b = bob;
    await follow(ann, bob);
    ann.socket.destroy();
    await once(ann.socket, "close");
    await bob.hear("<presence><status>here</status></presence>");
    using again = await RawPeer.login(server, "again", "user0");
    const heard = await again.hear("<presence/>");
    assert.match(heard, /<presence from="user1@localhost\/r" to="user0@localhost\/again"><status>here</);
  });

  for (const [how, leave] of [
    ["closes its stream", (peer: RawPeer) => void peer.write("</stream:stream>")],
    ["is cut off", (peer: RawPeer) => void peer.socket.resetAndDestroy()],
    ["breaks the rules", (peer: RawPeer) => void peer.write("<!-- -->")],
  ] as const) {
    test(`for a client that ${how} without saying so`, async () => {
      await using server = await serve();
      const [ann, bob] = await pair(server);
      using _a = ann;
      using _b = bob;
      await follow(ann, bob);
      await bob.hear("<presence to='user2@localhost'/>");
      leave(bob);
      assert.equal(
        await ann.until("/>"),
        `<presence from="user1@localhost/r" type="unavailable" to="user0@localhost"/>`,
      );
    });
  }

  test("to those a client names, until it leaves", async () => {
    await using server = await serve({ bounds: { directedPresencesMax: 2 } });
    const [ann, bob] = await pair(server);
    using _a = ann;
    await bob.hear("<presence to='user0@localhost'><status>psst</status></presence>");
    assert.match(await ann.settle(), /from="user1@localhost\/r"><status>psst</);
    await bob.hear("<presence><status>all</status></presence>");
    assert.equal(await ann.settle(), "");
    assert.equal(await bob.hear("<presence to='user2@localhost'/>"), "");
    assert.match(await bob.hear("<presence to='user3@localhost'/>"), /type="error".*<resource-constraint /);
    await bob.hear("<presence type='unavailable' to='user2@localhost'/><presence to='user3@localhost'/>");
    await bob.hear("<presence type='unavailable'/>");
    assert.equal(await ann.settle(), `<presence type="unavailable" from="user1@localhost/r" to="user0@localhost"/>`);
    await bob.hear("<presence type='unavailable'/>");
    assert.equal(await ann.settle(), "");
    await bob.hear("<presence to='user0@localhost'/>");
    await ann.settle();
    bob.socket.destroy();
    await ann.until(`from="user1@localhost/r" type="unavailable" to="user0@localhost"/>`);
    assert.equal(await ann.settle(), "");
  });

  test("to who asks and may know", async () => {
    await using server = await serve();
    const [ann, bob] = await pair(server);
    using _a = ann;
    const probe = "<presence type='probe' to='user1@localhost'/>";
    assert.match(await ann.hear(probe), /from="user1@localhost" to="[^"]*" type="unsubscribed"/);
    assert.match(await ann.hear("<presence type='probe' to='nobody@localhost'/>"), /type="unsubscribed"/);
    await follow(ann, bob);
    assert.match(await ann.hear(probe), /from="user1@localhost\/r" to="user0@localhost\/r"/);
    bob.socket.destroy();
    await ann.until(`type="unavailable" to="user0@localhost"/>`);
    assert.match(await ann.hear(probe), /from="user1@localhost" to="[^"]*" type="unavailable"/);
  });

  test("and takes no presence that is too large, or with a priority that is none", async () => {
    await using server = await serve();
    using peer = await RawPeer.login(server, "r", "user0");
    assert.match(await peer.hear(`<presence><status>${"x".repeat(5000)}</status></presence>`), /<policy-violation /);
    for (const priority of ["128", "-129", "high", "1.5", ""]) {
      const answer = await peer.hear(`<presence><priority>${priority}</priority></presence>`);
      assert.match(answer, /^<presence type="error".*<bad-request /, priority);
    }
    assert.match(await peer.hear("<presence><priority>-128</priority></presence>"), /^<presence from=/);
  });

  test("also where everybody follows everybody and changes all the time", async () => {
    await using server = await serve({ bounds: { rosterEntriesMax: 12 }, limits: { queueBytesMax: 1024 * 1024 } });
    const peers = await Promise.all(Array.from({ length: 12 }, (_, i) => RawPeer.available(server, `user${i}`)));
    for (const follower of peers)
      for (const followed of peers) if (followed !== follower) await follow(follower, followed);
    const status = "s".repeat(3000);
    const deaf = peers.shift()!;
    deaf.socket.pause();
    const told = new Set<RawPeer>();
    const listen = async (): Promise<void> => {
      for (const peer of peers) {
        if (/from="user0@localhost\/r" type="unavailable"/.test(await peer.settle())) told.add(peer);
      }
    };
    while (server.connections === 12) {
      for (const peer of peers) peer.write(`<presence><status>${status}</status></presence>`.repeat(10));
      await listen();
    }
    await listen();
    assert.equal(told.size, 11);
    await Promise.all(peers.map((peer) => peer.assertEcho()));
    for (const peer of peers) peer.socket.destroy();
  });
});
