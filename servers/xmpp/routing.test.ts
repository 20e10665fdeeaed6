import assert from "node:assert/strict";
import { describe } from "node:test";
import { RawPeer, serve, test } from "./testing.ts";

describe("the XMPP server routes", () => {
  test("to a full JID, with the sender's address whatever the sender claims", async () => {
    await using server = await serve();
    using alice = await RawPeer.login(server, "alice");
    using bob = await RawPeer.login(server, "bob");
    alice.write(`<message from='root@localhost/x' to='${bob.jid}' id='1'><body>hi</body><x xmlns='urn:x'/></message>`);
    assert.equal(
      await bob.until("</message>"),
      `<message from="${alice.jid}" to="${bob.jid}" id="1"><body>hi</body><x xmlns="urn:x"/></message>`,
    );
  });

  test("to the sender itself", async () => {
    await using server = await serve();
    using peer = await RawPeer.login(server);
    const answer = await peer.ask(`<message to='${peer.jid}'><body>me</body></message>`, "</message>");
    assert.equal(answer, `<message to="${peer.jid}" from="${peer.jid}"><body>me</body></message>`);
  });

  test("to an address in capitals", async () => {
    await using server = await serve();
    using peer = await RawPeer.login(server, "One");
    await peer.ask("<message to='WireBench@LocalHost/One'><body>me</body></message>", "<body>me</body>");
    await peer.ask("<message to='LOCALHOST'><body>echo</body></message>", "<body>echo</body>");
  });

  test("what cannot be delivered back with an error", async () => {
    await using server = await serve();
    using peer = await RawPeer.login(server);
    for (const [to, condition] of [
      ["wirebench@localhost/nobody", "service-unavailable"],
      ["nobody@localhost", "service-unavailable"],
      ["wirebench@localhost", "service-unavailable"],
      ["bob@example.org", "remote-server-not-found"],
      ["@/", "jid-malformed"],
      ["a@b@c", "jid-malformed"],
    ] as const) {
      const answer = await peer.ask(`<message to='${to}' id='1'><body/></message>`, "</message>");
      assert.match(answer, new RegExp(`type="error" id="1" from="${to}" to="${peer.jid}".*<${condition} `));
    }
    // Errors are not answered with errors (RFC 6120 section 8.3.1), presence not at all.
    peer.write("<message to='nobody@localhost' type='error'/><message to='localhost' type='error'><body/></message>");
    peer.write("<presence/><presence to='nobody@localhost'/><message to='localhost'><subject/></message>");
    await peer.assertEcho();
  });

  test("a ping and the legacy session request to itself", async () => {
    await using server = await serve();
    using peer = await RawPeer.login(server);
    for (const [request, answer] of [
      ["<iq type='get' id='1' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>", `type="result" id="1"`],
      ["<iq type='get' id='2'><ping xmlns='urn:xmpp:ping'/></iq>", `type="result" id="2"`],
      ["<iq type='set' id='3'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>", `type="result" id="3"`],
      ["<iq type='get' id='4'><query xmlns='urn:x'/></iq>", "<service-unavailable "],
      ["<iq type='get' id='5' to='nobody@localhost/x'><query xmlns='urn:x'/></iq>", "<service-unavailable "],
      ["<iq type='get' id='6'/>", "<bad-request "],
      ["<iq type='perhaps' id='7'><query xmlns='urn:x'/></iq>", "<bad-request "],
    ] as const) {
      await peer.ask(request, answer);
    }
    peer.write("<iq type='result' id='8'/>");
    await peer.assertEcho();
  });

  test("a message to an account to the most willing of its resources, and a headline to all that are willing", async () => {
    await using server = await serve();
    using sender = await RawPeer.login(server, "s", "user1");
    const priority = (value: number): string => `<presence><priority>${value}</priority></presence>`;
    using desk = await RawPeer.available(server, "user0", "desk", priority(5));
    using phone = await RawPeer.available(server, "user0", "phone", priority(1));
    using robot = await RawPeer.available(server, "user0", "robot", priority(-1));
    using hidden = await RawPeer.login(server, "hidden", "user0");
    const heard = async (): Promise<string[]> => {
      await sender.settle();
      return Promise.all([desk, phone, robot, hidden].map((peer) => peer.settle()));
    };
    await heard();
    const message = (type: string, to = "user0@localhost"): string =>
      `<message to='${to}' type='${type}'><body>${type}</body></message>`;
    const delivered = (type: string, to = "user0@localhost"): string =>
      `<message to="${to}" type="${type}" from="${sender.jid}"><body>${type}</body></message>`;
    sender.write(message("chat"));
    assert.deepEqual(await heard(), [delivered("chat"), "", "", ""]);
    sender.write(message("headline"));
    assert.deepEqual(await heard(), [delivered("headline"), delivered("headline"), "", ""]);
    sender.write(message("chat", "user0@localhost/gone"));
    assert.deepEqual(await heard(), [delivered("chat", "user0@localhost/gone"), "", "", ""]);
    assert.match(await sender.hear(message("normal", "user0@localhost/gone")), /<service-unavailable /);
    assert.match(await sender.hear(message("groupchat")), /<service-unavailable /);
    await desk.hear(priority(0));
    await heard();
    sender.write(message("normal"));
    assert.deepEqual(await heard(), ["", delivered("normal"), "", ""]);
    await phone.hear(priority(-5));
    await desk.hear("<presence type='unavailable'/>");
    assert.match(await sender.hear(message("chat")), /<service-unavailable /);
    assert.equal(await sender.hear(message("headline")), "");
    assert.equal(await sender.hear(message("error")), "");
  });

  test("requests to a full JID and the answers back, in-band bytestreams for one", async () => {
    await using server = await serve();
    using ann = await RawPeer.login(server, "a", "user0");
    using bob = await RawPeer.login(server, "b", "user1");
    const open = "<open xmlns='http://jabber.org/protocol/ibb' block-size='4096' sid='1'/>";
    await ann.hear(`<iq type='set' id='i' to='${bob.jid}'>${open}</iq>`);
    assert.equal(
      await bob.settle(),
      `<iq type="set" id="i" to="${bob.jid}" from="${ann.jid}">${open.replaceAll("'", '"')}</iq>`,
    );
    await bob.hear(`<iq type='result' id='i' to='${ann.jid}'/>`);
    assert.equal(await ann.settle(), `<iq type="result" id="i" to="${ann.jid}" from="${bob.jid}"/>`);
  });

  test("what is asked of the server and of the account, to whom it belongs", async () => {
    await using server = await serve();
    using peer = await RawPeer.login(server, "r", "user0");
    const ask = (kind: string, to: string): Promise<string> =>
      peer.hear(`<iq type='get' id='d' to='${to}'><query xmlns='http://jabber.org/protocol/disco#${kind}'/></iq>`);
    assert.match(
      await ask("info", "localhost"),
      /<identity category="server" type="im".*<feature var="urn:xmpp:ping"\/>/,
    );
    assert.match(await ask("items", "localhost"), /<item jid="rooms.localhost"\/>/);
    assert.match(await ask("info", "user0@localhost"), /<identity category="account" type="registered"\/>/);
    assert.match(await ask("info", "user1@localhost"), /<service-unavailable /);
    assert.match(await ask("info", "localhost/x"), /<service-unavailable /);
  });

  test("nothing that would bounce for ever", async () => {
    await using server = await serve();
    using peer = await RawPeer.login(server, "r", "user0");
    for (const to of [
      "nobody@localhost",
      "user1@localhost",
      "localhost/x",
      "bob@example.org",
      "@",
      "x@rooms.localhost/y",
    ]) {
      assert.equal(await peer.hear(`<message type='error' to='${to}'/>`), "", to);
      for (const type of ["error", "result"])
        assert.equal(await peer.hear(`<iq type='${type}' id='1' to='${to}'/>`), "", to);
      assert.equal(await peer.hear(`<presence type='error' to='${to}'/>`), "", to);
    }
  });
});
