import assert from "node:assert/strict";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, it } from "node:test";
import { type Behaviour, defaultLimits, type Limits, type RunningServer } from "../protocol/contract.ts";
import { xmppServer } from "./xmpp.ts";

const header =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' " +
  "to='localhost' version='1.0'>";
const sasl = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const auth = (mechanism: string, data: string): string =>
  `<auth ${sasl} mechanism='${mechanism}'>${base64(data)}</auth>`;

const echo: Behaviour = (connection) => ({ message: (payload) => connection.send(payload), closed() {} });

async function serve(limits: Partial<Limits> = {}, behaviour = echo): Promise<RunningServer & AsyncDisposable> {
  const server = await xmppServer.listen({
    host: "127.0.0.1",
    port: 0,
    behaviour,
    limits: { ...defaultLimits, handshakeMs: 5000, ...limits },
  });
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.close() });
}

/** A socket that says exactly what it is told to. */
class RawPeer implements Disposable {
  readonly socket: Socket;
  readonly password: string;
  jid = "";
  #received = "";
  #more = Promise.withResolvers<void>();

  private constructor(socket: Socket, password: string) {
    this.socket = socket;
    this.password = password;
    socket.on("error", () => {});
    socket.setEncoding("utf8");
    socket.on("data", (chunk) => {
      this.#received += chunk;
      this.#more.resolve();
    });
    socket.on("close", () => this.#more.resolve());
  }

  static async connect({ url }: RunningServer): Promise<RawPeer> {
    const { hostname, port, password } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, "connect");
    return new RawPeer(socket, password);
  }

  /** Logs in with PLAIN and binds a resource. */
  static async login(server: RunningServer, resource = ""): Promise<RawPeer> {
    const peer = await RawPeer.connect(server);
    await peer.authenticate();
    await peer.bind(resource);
    return peer;
  }

  async authenticate(): Promise<void> {
    await this.ask(header, "</stream:features>");
    await this.ask(auth("PLAIN", `\0wirebench\0${this.password}`), "<success");
    await this.ask(header, "</stream:features>");
  }

  async bind(resource = ""): Promise<void> {
    const wish = resource === "" ? "" : `<resource>${resource}</resource>`;
    const answer = await this.ask(
      `<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>${wish}</bind></iq>`,
      "</iq>",
    );
    this.jid = /<jid>(.*)<\/jid>/.exec(answer)?.[1] ?? "";
  }

  write(data: string | Uint8Array): void {
    this.socket.write(data);
  }

  /** What was received up to and including `text`. */
  async until(text: string): Promise<string> {
    for (;;) {
      const at = this.#received.indexOf(text);
      if (at >= 0) {
        const heard = this.#received.slice(0, at + text.length);
        this.#received = this.#received.slice(at + text.length);
        return heard;
      }
      assert.ok(!this.socket.closed, `the server closed before it said ${text}; it said ${this.#received}`);
      await this.#more.promise;
      this.#more = Promise.withResolvers();
    }
  }

  ask(data: string | Uint8Array, text: string): Promise<string> {
    this.write(data);
    return this.until(text);
  }

  /** What was received until the server closed. */
  async untilClosed(): Promise<string> {
    if (!this.socket.closed) await once(this.socket, "close");
    return this.#received;
  }

  async assertEcho(text = "still here"): Promise<void> {
    const message = `<message to='localhost'><body>${text}</body></message>`;
    const answer = await this.ask(message, "</message>");
    const echoed = `<message from="localhost" to="${this.jid}" type="headline"><body>${text}</body></message>`;
    assert.ok(answer.endsWith(echoed), answer);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

const test = (title: string, run: () => Promise<void>): void => void it(title, { timeout: 20_000 }, run);

describe("the XMPP server logs in", () => {
  test("with PLAIN, binds a resource of its own choice and echoes", async () => {
    await using server = await serve();
    using peer = await RawPeer.login(server);
    assert.match(peer.jid, /^wirebench@localhost\/[\w-]{12}$/);
    await peer.assertEcho();
    assert.equal(server.connections, 1);
  });

  const scram = async (peer: RawPeer, gs2Header: string, forge: (final: string) => string = (final) => final) => {
    await peer.ask(header, "</stream:features>");
    const first = "n=wirebench,r=fyko+d2lbbFgONRv9qkxdawL";
    const challenge = await peer.ask(auth("SCRAM-SHA-1", `${gs2Header}${first}`), "</challenge>");
    const serverFirst = Buffer.from(/>([^<]*)<\/challenge>/.exec(challenge)![1]!, "base64").toString();
    const [, nonce, salt, rounds] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(serverFirst)!;
    assert.equal(rounds, "4096");
    const salted = pbkdf2Sync(peer.password, Buffer.from(salt!, "base64"), 4096, 20, "sha1");
    const hmac = (key: Buffer, text: string): Buffer => createHmac("sha1", key).update(text).digest();
    const clientKey = hmac(salted, "Client Key");
    const withoutProof = `c=${base64(gs2Header)},r=${nonce}`;
    const authMessage = `${first},${serverFirst},${withoutProof}`;
    const signature = hmac(createHash("sha1").update(clientKey).digest(), authMessage);
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]!)).toString("base64");
    peer.write(`<response ${sasl}>${base64(forge(`${withoutProof},p=${proof}`))}</response>`);
    return hmac(hmac(salted, "Server Key"), authMessage).toString("base64");
  };

  test("with SCRAM-SHA-1 and proves that it knows the password too", async () => {
    await using server = await serve();
    for (const gs2Header of ["n,,", "y,,", "n,a=wirebench@localhost,"]) {
      using peer = await RawPeer.connect(server);
      const signature = await scram(peer, gs2Header);
      assert.ok((await peer.until("</success>")).includes(base64(`v=${signature}`)));
      await peer.ask(header, "</stream:features>");
      await peer.bind();
      await peer.assertEcho();
    }
  });

  test("nobody with a wrong SCRAM proof, nonce, binding or identity", async () => {
    await using server = await serve();
    const forgeries: readonly (readonly [string, (final: string) => string, string])[] = [
      ["n,,", (final) => final.replace(/p=.{4}/, "p=AAAA"), "<not-authorized/>"],
      ["n,,", (final) => final.replace(/p=.*/, "p=AAAA"), "<not-authorized/>"],
      ["n,,", (final) => final.replace(/r=.{4}/, "r=AAAA"), "<not-authorized/>"],
      ["n,,", (final) => final.replace("c=biws", "c=eSws"), "<not-authorized/>"],
      ["n,,", () => "nonsense", "<malformed-request/>"],
      ["n,a=root@localhost,", (final) => final, "<invalid-authzid/>"],
    ];
    for (const [gs2Header, forge, condition] of forgeries) {
      using peer = await RawPeer.connect(server);
      await scram(peer, gs2Header, forge);
      await peer.until(condition);
    }
  });

  test("nobody with a wrong password, and closes after the third attempt", async () => {
    await using server = await serve();
    using peer = await RawPeer.connect(server);
    await peer.ask(header, "</stream:features>");
    for (const data of ["\0wirebench\0wrong", `\0root\0${peer.password}`]) {
      await peer.ask(auth("PLAIN", data), "<not-authorized/></failure>");
    }
    peer.write(auth("PLAIN", "\0wirebench\0wrong again"));
    assert.match(await peer.untilClosed(), /<policy-violation .*<\/stream:stream>$/);
    assert.equal(server.connections, 0);
  });

  test("after a login that was not one", async () => {
    await using server = await serve();
    for (const [attempt, condition] of [
      [auth("DIGEST-MD5", ""), "<invalid-mechanism/>"],
      [`<auth ${sasl} mechanism='PLAIN'>*</auth>`, "<incorrect-encoding/>"],
      [auth("PLAIN", "no separators"), "<malformed-request/>"],
      [auth("SCRAM-SHA-1", "p=tls-unique,,n=wirebench,r=abc"), "<malformed-request/>"],
      [`<response ${sasl}/>`, "<malformed-request/>"],
      [`<abort ${sasl}/>`, "<aborted/>"],
    ] as const) {
      using peer = await RawPeer.connect(server);
      await peer.ask(header, "</stream:features>");
      await peer.ask(attempt, condition);
      await peer.ask(auth("PLAIN", `wirebench@localhost\0wirebench\0${peer.password}`), "<success");
    }
  });

  test("a client that waits for an empty challenge first, or that does not wait at all", async () => {
    await using server = await serve();
    using waiting = await RawPeer.connect(server);
    await waiting.ask(header, "</stream:features>");
    await waiting.ask(`<auth ${sasl} mechanism='PLAIN'/>`, "<challenge");
    await waiting.ask(`<response ${sasl}>${base64(`\0wirebench\0${waiting.password}`)}</response>`, "<success");
    using hasty = await RawPeer.connect(server);
    const login = header + auth("PLAIN", `\0wirebench\0${hasty.password}`) + header;
    await hasty.ask(login, "<session");
    await hasty.bind();
    await hasty.assertEcho();
  });
});

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
    await using server = await serve({}, (connection) => ({
      message() {
        connection.close();
        connection.send("ignored");
      },
      closed() {},
    }));
    using peer = await RawPeer.login(server);
    await peer.ask("<message to='localhost'><body/></message>", "</stream:stream>");
    peer.write("</stream:stream>");
    assert.equal(await peer.untilClosed(), "");
  });

  const bound =
    (xml: string): ((server: RunningServer) => Promise<RawPeer>) =>
    async (server) => {
      const peer = await RawPeer.login(server);
      peer.write(xml);
      return peer;
    };
  const opened =
    (xml: string): ((server: RunningServer) => Promise<RawPeer>) =>
    async (server) => {
      const peer = await RawPeer.connect(server);
      peer.write(header + xml);
      return peer;
    };
  const raw =
    (xml: string): ((server: RunningServer) => Promise<RawPeer>) =>
    async (server) => {
      const peer = await RawPeer.connect(server);
      peer.write(xml);
      return peer;
    };
  const byByte =
    (xml: string): ((server: RunningServer) => Promise<RawPeer>) =>
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

  const attacks: readonly (readonly [string, (server: RunningServer) => Promise<RawPeer>, string])[] = [
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
    ["an unbound prefix", bound("<a:message to='localhost'/>"), "unsupported-stanza-type"],
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
    await using server = await serve({ connectionsMax: 2 });
    using first = await RawPeer.login(server);
    using idle = await RawPeer.connect(server);
    using second = await RawPeer.connect(server);
    assert.match(await second.untilClosed(), /^<\?xml.*<resource-constraint .*<\/stream:stream>$/);
    await idle.ask(`${header}</stream:stream>`, "</stream:stream>");
    using third = await RawPeer.login(server);
    await Promise.all([first.assertEcho(), third.assertEcho()]);
  });

  test("of a client that does not read what it asks for or other clients send", async () => {
    await using server = await serve({ queueBytesMax: 64 * 1024 });
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
