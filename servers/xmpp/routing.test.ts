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
});
