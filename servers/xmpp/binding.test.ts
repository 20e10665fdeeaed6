import assert from "node:assert/strict";
import { describe } from "node:test";
import { RawPeer, serve, test } from "./testing.ts";

describe("the XMPP server binds", () => {
  test("two resources of one account, and refuses one that is taken", async () => {
    await using server = await serve();
    using first = await RawPeer.login(server, "one");
    assert.equal(first.jid, "wirebench@localhost/one");
    using second = await RawPeer.connect(server);
    await second.authenticate();
    await second.bind("one");
    assert.equal(second.jid, "");
    await second.bind("two");
    assert.equal(second.jid, "wirebench@localhost/two");
    await Promise.all([first.assertEcho("one"), second.assertEcho("two")]);
  });

  test("a resource again that has become free", async () => {
    await using server = await serve();
    for (let i = 0; i < 3; i++) {
      using peer = await RawPeer.login(server, "one");
      assert.equal(peer.jid, "wirebench@localhost/one");
      await peer.ask("</stream:stream>", "</stream:stream>");
    }
  });

  test("before it takes any other stanza", async () => {
    await using server = await serve();
    using peer = await RawPeer.connect(server);
    await peer.authenticate();
    await peer.ask("<message to='localhost'><body/></message>", "<not-authorized ");
    await peer.untilClosed();
  });

  test("one resource only, for each stream", async () => {
    await using server = await serve();
    using peer = await RawPeer.login(server, "one");
    const jid = peer.jid;
    assert.match(await peer.bind("two"), /type="error" id="b".*<not-allowed /);
    assert.match(await peer.ask(`<message to='${jid}'><body>me</body></message>`, "</message>"), /<body>me<\/body>/);
  });

  test("as many resources of an account as it may have", async () => {
    await using server = await serve({ bounds: { resourcesPerAccountMax: 2 } });
    using first = await RawPeer.login(server, "one");
    using _second = await RawPeer.login(server, "two");
    using third = await RawPeer.connect(server);
    await third.authenticate();
    assert.match(await third.bind("three"), /<error type="wait"><resource-constraint /);
    using other = await RawPeer.login(server, "one", "user0");
    await other.assertEcho();
    await first.ask("</stream:stream>", "</stream:stream>");
    await third.bind("three");
    await third.assertEcho();
  });

  test("no name that is none", async () => {
    await using server = await serve();
    using peer = await RawPeer.connect(server);
    await peer.authenticate();
    for (const wish of ["x".repeat(1024), "a&#9;b"]) assert.match(await peer.bind(wish), /<bad-request /);
    await peer.bind("&lt;b&gt;");
    assert.equal(peer.jid, "wirebench@localhost/&lt;b&gt;");
  });
});
