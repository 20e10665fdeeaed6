import assert from "node:assert/strict";
import { describe } from "node:test";
import { RawPeer, serve, test } from "./testing.ts";

const roster = (content: string, type = "set", id = "1"): string =>
  `<iq type='${type}' id='${id}'><query xmlns='jabber:iq:roster'>${content}</query></iq>`;
const push = (peer: RawPeer, item: string): RegExp =>
  new RegExp(`<iq type="set" id="[^"]+" to="${peer.jid}"><query xmlns="jabber:iq:roster">${item}</query></iq>`);

describe("the XMPP server keeps a roster", () => {
  test("of contacts that are added, changed and removed, and pushes each change to who has asked for it", async () => {
    await using server = await serve();
    using desk = await RawPeer.login(server, "desk", "user0");
    using phone = await RawPeer.login(server, "phone", "user0");
    using idle = await RawPeer.login(server, "idle", "user0");
    using other = await RawPeer.login(server, "r", "user1");
    const empty = await desk.hear(roster("", "get"));
    assert.equal(empty, `<iq type="result" id="1" to="${desk.jid}"><query xmlns="jabber:iq:roster"/></iq>`);
    await phone.hear(roster("", "get"));

    const added = await desk.hear(
      roster("<item jid='User1@LocalHost' name='One' subscription='both'><group>a</group></item>"),
    );
    const item = `<item jid="user1@localhost" name="One" subscription="none"><group>a</group></item>`;
    assert.match(added, push(desk, item));
    assert.match(added, new RegExp(`<iq type="result" id="1" to="${desk.jid}"/>$`));
    assert.match(await phone.settle(), push(phone, item));
    assert.equal(await idle.settle(), "");
    assert.equal(await other.settle(), "");
    assert.ok((await phone.hear(roster("", "get"))).includes(`<query xmlns="jabber:iq:roster">${item}</query>`));

    await desk.hear(roster("<item jid='user1@localhost'/>"));
    assert.match(await phone.settle(), push(phone, `<item jid="user1@localhost" subscription="none"/>`));
    await desk.hear(roster("<item jid='user1@localhost' subscription='remove'/>"));
    assert.match(await phone.settle(), push(phone, `<item jid="user1@localhost" subscription="remove"/>`));
    assert.equal(await phone.hear(roster("", "get", "2")), empty.replace(desk.jid, phone.jid).replace(`"1"`, `"2"`));
  });

  test("that it does not let a client spoil", async () => {
    await using server = await serve();
    using peer = await RawPeer.login(server, "r", "user0");
    for (const [content, condition] of [
      ["", "bad-request"],
      ["<item jid='a@b'/><item jid='c@d'/>", "bad-request"],
      ["<item/>", "bad-request"],
      ["<item jid='@'/>", "bad-request"],
      ["<item jid='a@b'><group>x</group><group>x</group></item>", "bad-request"],
      ["<item jid='a@b'><group/></item>", "not-acceptable"],
      [`<item jid='a@b' name='${"n".repeat(3000)}'/>`, "not-acceptable"],
      ["<item jid='user0@localhost'/>", "not-allowed"],
      ["<item jid='a@b' subscription='remove'/>", "item-not-found"],
    ] as const) {
      assert.match(await peer.hear(roster(content)), new RegExp(`type="error" id="1".*<${condition} `), content);
    }
    const others = "<iq type='get' id='1' to='user1@localhost'><query xmlns='jabber:iq:roster'/></iq>";
    assert.match(await peer.hear(others), /<service-unavailable /);
    assert.match(await peer.hear(roster("", "get")), /<query xmlns="jabber:iq:roster"\/>/);
  });

  test("as large as it may be, groups counted, and no larger", async () => {
    await using server = await serve({ bounds: { rosterEntriesMax: 4 } });
    using peer = await RawPeer.login(server, "r", "user0");
    const put = (item: string): Promise<string> => peer.hear(roster(item));
    assert.match(await put("<item jid='a@b'><group>x</group><group>y</group></item>"), /type="result"/);
    assert.match(await put("<item jid='c@d'><group>x</group></item>"), /<error type="wait"><resource-constraint /);
    assert.match(await put("<item jid='c@d'/>"), /type="result"/);
    assert.match(await put("<item jid='e@f'/>"), /<resource-constraint /);
    assert.match(await peer.hear("<presence type='subscribe' to='user1@localhost'/>"), /<resource-constraint /);
    assert.match(await put("<item jid='a@b'/>"), /type="result"/);
    assert.match(await put("<item jid='e@f'/>"), /type="result"/);
  });

  test("within what all rosters together may hold", async () => {
    await using server = await serve({ bounds: { contactsMax: 2 } });
    using peer = await RawPeer.login(server, "r", "user0");
    using other = await RawPeer.login(server, "r", "user1");
    assert.match(await peer.hear(roster("<item jid='a@b'/>")), /type="result"/);
    assert.match(await other.hear(roster("<item jid='a@b'/>")), /type="result"/);
    assert.match(await peer.hear(roster("<item jid='c@d'/>")), /<resource-constraint /);
    await other.hear(roster("<item jid='a@b' subscription='remove'/>"));
    assert.match(await peer.hear(roster("<item jid='c@d'/>")), /type="result"/);
  });
});
