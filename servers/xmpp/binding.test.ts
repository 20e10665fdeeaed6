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
});
