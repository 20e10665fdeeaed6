/** Rosters, presence and rooms of our server, as a client understands them that others have written: the npm package `stanza`. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { type Agent, createClient } from "stanza";
import { start } from "../testing.ts";
import { xmppWebsocketServer } from "../xmpp-websocket.ts";

/** The first event of that name that is meant, with what it carries. */
const event = <Event>(client: Agent, name: string, isMeant: (event: Event) => boolean = () => true): Promise<Event> =>
  new Promise((resolve) => {
    const hear = (heard: Event): void => {
      if (!isMeant(heard)) return;
      client.off(name as "message", hear as () => void);
      resolve(heard);
    };
    client.on(name as "message", hear as () => void);
  });

/** Logged in as `user<number>`, with its roster known. Left before the server is gone, which stanza would look for on and on. */
async function online(address: string, user: number): Promise<Agent> {
  const { username, password, ...url } = parts(address);
  assert.equal(username, "wirebench");
  const client = createClient({
    jid: `user${user}@localhost`,
    password,
    resource: "there",
    server: "localhost",
    transports: { websocket: url.href, bosh: false },
    autoReconnect: false,
  });
  const started = event(client, "session:started");
  client.connect();
  await started;
  assert.deepEqual((await client.getRoster()).items, []);
  return client;
}

function parts(address: string): { username: string; password: string; href: string } {
  const url = new URL(address);
  const { username, password } = url;
  url.username = url.password = url.search = "";
  return { username, password, href: url.href };
}

async function leave(client: Agent): Promise<void> {
  const ended = event(client, "disconnected");
  client.disableKeepAlive();
  client.disconnect();
  await ended;
}

interface Presence {
  readonly from: string;
  readonly status?: string;
}

it("stanza follows a contact's presence, and keeps a roster of it", { timeout: 60_000 }, async (t) => {
  const { url } = await start(t, xmppWebsocketServer);
  const ann = await online(url, 0);
  const bob = await online(url, 1);
  ann.sendPresence();
  bob.sendPresence({ status: "here" });
  const asked = event<Presence>(bob, "subscribe");
  ann.subscribe("user1@localhost");
  assert.equal((await asked).from, "user0@localhost");
  const [approved, available] = [
    event<Presence>(ann, "subscribed"),
    event<Presence>(ann, "available", ({ from }) => from.startsWith("user1")),
  ];
  bob.acceptSubscription("user0@localhost");
  assert.equal((await approved).from, "user1@localhost");
  assert.equal((await available).status, "here");
  await ann.updateRosterItem({ jid: "user1@localhost", name: "Bob & co", groups: ["tea"], subscription: "to" });
  const { items } = await ann.getRoster();
  assert.deepEqual(
    items?.map(({ jid, name, groups, subscription }) => ({ jid, name, groups, subscription })),
    [{ jid: "user1@localhost", name: "Bob & co", groups: ["tea"], subscription: "to" }],
  );
  const gone = event<Presence>(ann, "unavailable");
  await leave(bob);
  assert.equal((await gone).from, "user1@localhost/there");
  await leave(ann);
});

it("stanza enters a room, talks, and sees who comes and goes", { timeout: 60_000 }, async (t) => {
  const { url } = await start(t, xmppWebsocketServer);
  const room = "tea@rooms.localhost";
  const ann = await online(url, 0);
  const bob = await online(url, 1);
  const services = await bob.getDiscoItems("localhost");
  assert.deepEqual(
    services.items.map(({ jid }) => jid),
    ["rooms.localhost"],
  );
  const { features } = await bob.getDiscoInfo("rooms.localhost");
  assert.ok(features.includes("http://jabber.org/protocol/muc"));

  await ann.joinRoom(room, "Ann");
  const came = event<Presence>(ann, "muc:available", ({ from }) => from === `${room}/Bob`);
  await bob.joinRoom(room, "Bob");
  await came;
  const heard = [ann, bob].map((client) =>
    event<{ from: string; body: string }>(client, "groupchat", ({ body }) => body !== undefined),
  );
  ann.sendMessage({ to: room, type: "groupchat", body: "tea & 🍪" });
  for (const { from, body } of await Promise.all(heard)) assert.deepEqual([from, body], [`${room}/Ann`, "tea & 🍪"]);
  await assert.rejects(bob.joinRoom(room, "Ann"), (error: { error?: { condition?: string } }) => {
    assert.equal(error.error?.condition, "conflict");
    return true;
  });
  const left = event<Presence>(ann, "muc:unavailable", ({ from }) => from === `${room}/Bob`);
  await bob.leaveRoom(room, "Bob");
  await left;
  await Promise.all([leave(ann), leave(bob)]);
});
