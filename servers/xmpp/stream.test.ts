import assert from "node:assert/strict";
import { describe } from "node:test";
import { header, RawPeer, serve, type TestServer, test } from "./testing.ts";

describe("the XMPP server ends a stream", () => {
  test("when the client does, and ignores what comes after that", async () => {
    await using server = await serve();
    using peer = await RawPeer.login(server);
    const last = "</stream:stream><message to='localhost'><body>too late</body></message><!DOCTYPE a>";
    peer.write(last);
    assert.equal(await peer.untilClosed(), "</stream:stream>");
    assert.equal(server.connections, 0);
  });

  test("in order when the behaviour closes", async () => {
    await using server = await serve({
      behaviour: (connection) => ({
        message() {
          connection.close();
          connection.send("ignored");
        },
        closed() {},
      }),
    });
    using peer = await RawPeer.login(server);
    await peer.ask("<message to='localhost'><body/></message>", "</stream:stream>");
    peer.write("</stream:stream>");
    assert.equal(await peer.untilClosed(), "");
  });

  const bound =
    (xml: string): ((server: TestServer) => Promise<RawPeer>) =>
    async (server) => {
      const peer = await RawPeer.login(server);
      peer.write(xml);
      return peer;
    };
  const opened =
    (xml: string): ((server: TestServer) => Promise<RawPeer>) =>
    async (server) => {
      const peer = await RawPeer.connect(server);
      peer.write(header + xml);
      return peer;
    };
  const raw =
    (xml: string): ((server: TestServer) => Promise<RawPeer>) =>
    async (server) => {
      const peer = await RawPeer.connect(server);
      peer.write(xml);
      return peer;
    };
  const byByte =
    (xml: string): ((server: TestServer) => Promise<RawPeer>) =>
    async (server) => {
      const peer = await RawPeer.connect(server);
      for (const byte of Buffer.from(xml)) {
        peer.write(Buffer.of(byte));
        await new Promise(setImmediate);
      }
      return peer;
    };
  const doctype = "<!DOCTYPE a [<!ENTITY b 'c'>]>";
  const body = (content: string): string => `<message to='localhost'><body>${content}</body></message>`;

  const attacks: readonly (readonly [string, (server: TestServer) => Promise<RawPeer>, string])[] = [
    ["a document type declaration", raw(`<?xml version='1.0'?>${doctype}`), "restricted-xml"],
    ["one that comes byte by byte", byByte(`<?xml version='1.0'?>${doctype}`), "restricted-xml"],
    ["one inside of the stream", bound(doctype), "restricted-xml"],
    ["an entity", bound(body("&foo;")), "restricted-xml"],
    ["a comment", bound(body("<!-- a -->")), "restricted-xml"],
    ["a processing instruction", bound("<?php echo ?>"), "restricted-xml"],
    ["bytes that are no text", raw("\u0000\u0001\u0002<\u0003>"), "not-well-formed"],
    ["an attribute twice", bound("<message to='localhost' to='localhost'/>"), "not-well-formed"],
    ["tags in the wrong order", bound("<message><body></message></body>"), "not-well-formed"],
    ["20,000 elements inside one another", bound("<a>".repeat(20_000)), "policy-violation"],
    ["100,000 elements beside one another", bound(`<message>${"<a/>".repeat(100_000)}`), "policy-violation"],
    ["a stanza of 10,001 bytes before login", opened(`<auth>${"a".repeat(10_001)}`), "policy-violation"],
    ["attributes without end after login", bound(`<message ${"a='b' ".repeat(100_000)}`), "policy-violation"],
    ["a stanza that is too long", bound(body("x".repeat(7 * 1024 * 1024))), "policy-violation"],
    ["a stanza before login", opened(body("hi")), "not-authorized"],
    ["an element it does not know", bound("<unknown/>"), "unsupported-stanza-type"],
    ["a prefix that is not bound", bound("<message to='user0@localhost/a'><a:b/></message>"), "not-well-formed"],
    ["a stanza with a prefix", bound("<a:message xmlns:a='jabber:client'/>"), "unsupported-stanza-type"],
    ["a stanza of another namespace", bound("<message xmlns='jabber:server'/>"), "invalid-namespace"],
    ["another domain", raw(header.replace("'localhost'", "'example.org'")), "host-unknown"],
    ["no domain", raw(header.replace("to='localhost'", "")), "host-unknown"],
    ["another content namespace", raw(header.replace("jabber:client", "jabber:server")), "invalid-namespace"],
    ["another stream namespace", raw(header.replace("etherx", "example")), "invalid-namespace"],
    ["another root", raw("<html xmlns='http://www.w3.org/1999/xhtml'>"), "invalid-namespace"],
    ["no version", raw(header.replace("version='1.0'>", ">")), "unsupported-version"],
  ];
  for (const [title, attack, condition] of attacks) {
    test(`with ${condition} on ${title}, and goes on serving others`, async () => {
      await using server = await serve();
      using healthy = await RawPeer.login(server);
      using peer = await attack(server);
      const last = await peer.untilClosed();
      assert.match(last, new RegExp(`<stream:error><${condition} xmlns="[^"]*"/>.*</stream:error></stream:stream>$`));
      await healthy.assertEcho();
      assert.equal(server.connections, 1);
    });
  }

  test("over connectionsMax with resource-constraint, those not logged in counted, until one has gone", async () => {
    await using server = await serve({ limits: { connectionsMax: 2 } });
    using first = await RawPeer.login(server);
    using idle = await RawPeer.connect(server);
    using second = await RawPeer.connect(server);
    assert.match(await second.untilClosed(), /^<\?xml.*<resource-constraint .*<\/stream:stream>$/);
    await idle.ask(`${header}</stream:stream>`, "</stream:stream>");
    using third = await RawPeer.login(server);
    await Promise.all([first.assertEcho(), third.assertEcho()]);
  });

  test("of a client that does not read what it asks for or other clients send", async () => {
    await using server = await serve({ limits: { queueBytesMax: 64 * 1024 } });
    using healthy = await RawPeer.login(server);
    using slow = await RawPeer.login(server);
    slow.socket.pause();
    const message = `<message to='${slow.jid}'><body>${"x".repeat(60_000)}</body></message>`;
    const ping = "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>";
    while (server.connections === 2) {
      healthy.write(message);
      await healthy.ask(ping, `id="1"`);
    }
    await healthy.assertEcho();
  });
});

describe("the XMPP server understands", () => {
  test("CDATA sections, references and white space between stanzas", async () => {
    await using server = await serve();
    using peer = await RawPeer.login(server);
    peer.write(" \n<message to='localhost'><body>a<![CDATA[<b>&]]>c&#33;</body></message>\n");
    await peer.until("<body>a&lt;b&gt;&amp;c!</body>");
  });

  test("many stanzas in one segment, in order", async () => {
    await using server = await serve();
    using peer = await RawPeer.login(server);
    const texts = Array.from({ length: 500 }, (_, i) => `message ${i}`);
    peer.write(texts.map((text) => `<message to='localhost'><body>${text}</body></message>`).join(""));
    for (const text of texts) await peer.until(`<body>${text}</body>`);
  });
});
