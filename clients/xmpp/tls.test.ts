/** TLS of the XMPP client, from the first byte on and after STARTTLS, against a server that plays its script. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { WireByteCounter } from "../../load/metering/wire-bytes.ts";
import { defaultLimits, type Payload } from "../../protocol/contract.ts";
import { testCertificate, until } from "../../protocol/testing.ts";
import { xmppClient } from "../xmpp.ts";
import {
  features,
  jid,
  mechanismList,
  mechanisms,
  proceed,
  ScriptedServer,
  sasl,
  starttls,
  type Talk,
} from "./testing.ts";

const trusted = getCACertificates("default");
const trust = (...certificates: string[]): void => setDefaultCACertificates([...trusted, ...certificates]);
const counter = new WireByteCounter();

const test = (title: string, run: () => Promise<void>): void => void it(title, { timeout: 60_000 }, run);

const connect = (url: string, onMessage: (payload: Payload) => void = () => {}) =>
  xmppClient.connect({ url, limits: defaultLimits, user: 0, signal: new AbortController().signal, onMessage });

/** Up to where the server reads the client's first TLS record; `after` follows `<proceed/>` in its segment. */
async function upgrade(talk: Talk, offer = starttls + mechanismList("PLAIN"), after = ""): Promise<void> {
  await talk.hear(/<stream:stream[^>]*>/);
  talk.say(features(offer));
  await talk.hear(/^<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"\/>$/);
  talk.say(proceed + after);
  await talk.encrypt();
}

/** Echoes in place of the server's domain. */
async function echo(talk: Talk): Promise<void> {
  for (;;) {
    const [, body] = await talk.hear(/<body>([^<]*)<\/body><\/message>/);
    talk.say(`<message from='localhost' to='${jid}'><body>${body}</body></message>`);
  }
}

/** Every server TLS can be spoken with, ready for the login. */
const ways: readonly (readonly [string, string, (talk: Talk) => Promise<void>])[] = [
  ["STARTTLS", "xmpp", upgrade],
  ["direct TLS", "xmpps", async (talk) => void (await talk.encrypt())],
];

for (const [way, scheme, encrypt] of ways) {
  describe(`the XMPP client over ${way}`, () => {
    test("logs in on a new stream and exchanges messages, characters split by the network whole", async () => {
      trust(testCertificate.cert);
      const heard = Promise.withResolvers<Payload>();
      await using server = await ScriptedServer.start(async (talk) => {
        await encrypt(talk);
        await talk.welcome();
        const message = Buffer.from(`<message from='localhost' to='${jid}'><body>€\u{1f600}</body></message>`);
        // A record for each byte, so that the decoder above TLS gets them one by one.
        for (const byte of message) talk.say(Buffer.of(byte));
      });
      const connection = await connect(server.url("localhost", "alice:secret", scheme), heard.resolve);
      assert.equal(await heard.promise, "€\u{1f600}");
      await Promise.all([connection.close(), server[Symbol.asyncDispose]().catch(() => {})]);
    });

    test("refuses a certificate that is not trusted, and says what to do", async () => {
      trust();
      await using server = await ScriptedServer.start(encrypt);
      await assert.rejects(connect(server.url("localhost", "alice:secret", scheme)), {
        code: "connect-failed",
        message: /self-signed certificate.*: to trust it .* in NODE_EXTRA_CA_CERTS/,
      });
    });

    test("takes a certificate of the XMPP domain or of the host, and no other", async () => {
      trust(testCertificate.cert);
      const welcoming = async (talk: Talk): Promise<void> => {
        await encrypt(talk);
        await talk.hear(/<stream:stream[^>]*>/);
        talk.say(mechanisms("PLAIN"));
      };
      await using server = await ScriptedServer.start(welcoming);
      // 127.0.0.9 is an address of this host that the certificate does not have.
      const at = (host: string, domain: string): string =>
        `${scheme}://alice:secret@${host}:${server.port}/?domain=${domain}&mechanism=SCRAM-SHA-1`;
      await assert.rejects(connect(at("127.0.0.1", "example.org")), /expected SASL SCRAM-SHA-1/);
      await assert.rejects(connect(at("127.0.0.1", "localhost")), /expected SASL SCRAM-SHA-1/);
      await assert.rejects(connect(at("localhost", "127.0.0.9")), /expected SASL SCRAM-SHA-1/);
      await assert.rejects(connect(at("localtest.localhost", "example.org")), { message: /altnames|ENOTFOUND/ });
    });

    test("is counted as what crosses the socket, handshake and records included, with its cipher", async () => {
      trust(testCertificate.cert);
      const texts: Payload[] = [];
      await using server = await ScriptedServer.start(async (talk) => {
        await encrypt(talk);
        await talk.welcome();
        await echo(talk);
      });
      const before = counter.read();
      const connection = await connect(server.url("localhost", "alice:secret", scheme), (text) => texts.push(text));
      connection.send("x".repeat(1000));
      await until(() => texts.length === 1);
      const [socket] = server.sockets;
      const counted = () => {
        const { sent, received } = counter.read();
        return { sent: sent - before.sent, received: received - before.received };
      };
      const crossed = () => ({ sent: socket!.bytesRead, received: socket!.bytesWritten });
      await until(() => JSON.stringify(counted()) === JSON.stringify(crossed())).catch(() => {});
      assert.deepEqual(counted(), crossed());
      assert.ok(counted().sent > 2000, "a handshake and more than the payload");
      assert.match(counter.ciphers.join(), /^TLSv1\.3 TLS_\w+$/);
      await Promise.all([connection.close(), server[Symbol.asyncDispose]().catch(() => {})]);
      assert.ok(counted().sent >= crossed().sent, "what a closed connection sent stays counted");
    });

    test("allows PLAIN, which a network's plain connection does not", async () => {
      trust(testCertificate.cert);
      const heard = Promise.withResolvers<void>();
      await using server = await ScriptedServer.start(async (talk) => {
        await encrypt(talk);
        await talk.hear(/<stream:stream[^>]*>/);
        talk.say(mechanisms("PLAIN"));
        await talk.hear(/mechanism="PLAIN"/);
        heard.resolve();
        talk.socket.destroy();
      });
      await assert.rejects(connect(server.url("localhost", "alice:secret", scheme)));
      await heard.promise;
    });

    test("rejects, and does not crash, where the handshake fails", async () => {
      await using server = await ScriptedServer.start(async (talk) => {
        if (scheme === "xmpps") return void talk.say("HTTP/1.1 400 Bad Request\r\n\r\n");
        await talk.hear(/<stream:stream[^>]*>/);
        talk.say(features(starttls));
        await talk.hear(/<starttls/);
        talk.say(proceed);
        await once(talk.socket, "data");
        talk.socket.destroy();
      });
      await assert.rejects(connect(server.url("localhost", "alice:secret", scheme)), { code: "connect-failed" });
    });
  });
}

describe("STARTTLS", () => {
  test("is taken where it is all that is offered", async () => {
    trust(testCertificate.cert);
    const required = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>";
    await using server = await ScriptedServer.start(async (talk) => {
      await upgrade(talk, required);
      await talk.welcome();
    });
    const connection = await connect(server.url());
    await Promise.all([connection.close(), server[Symbol.asyncDispose]().catch(() => {})]);
  });

  test("accepts nothing that came in clear after <proceed/>", async () => {
    trust(testCertificate.cert);
    const mechanismsSeen: string[] = [];
    // Whoever can write to the connection before it is encrypted would choose PLAIN, or end the login as the server.
    for (const injected of [
      mechanisms("PLAIN"),
      `<stream:features>${mechanismList("PLAIN")}</stream:features>`,
      sasl("success", ""),
      "<stream:error><host-gone xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
      "</stream:stream>",
      "<",
    ]) {
      await using server = await ScriptedServer.start(async (talk) => {
        await upgrade(talk, starttls, injected);
        await talk.hear(/<stream:stream[^>]*>/);
        talk.say(mechanisms("PLAIN", "SCRAM-SHA-256"));
        mechanismsSeen.push((await talk.hear(/<auth [^>]*mechanism="([^"]*)"/))[1]!);
        talk.socket.destroy();
      });
      await assert.rejects(connect(server.url()), /connection lost|ECONNRESET/, injected);
    }
    assert.deepEqual(mechanismsSeen, Array(6).fill("SCRAM-SHA-256"));
  });

  test("fails where what came in clear after <proceed/> is a segment of its own", async () => {
    trust(testCertificate.cert);
    await using server = await ScriptedServer.start(async (talk) => {
      await talk.hear(/<stream:stream[^>]*>/);
      talk.say(features(starttls));
      await talk.hear(/<starttls/);
      talk.say(proceed);
      // The client's first record says that it has heard the former.
      await once(talk.socket, "data");
      talk.say(mechanisms("PLAIN"));
      await assert.rejects(talk.hear(/<auth/));
    });
    await assert.rejects(connect(server.url()), { code: "connect-failed", message: /wrong version number|packet/i });
  });

  test("that is refused or answered with something else ends the login", async () => {
    for (const answer of ["<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>", sasl("success", "")]) {
      await using server = await ScriptedServer.start(async (talk) => {
        talk.say(features(starttls + mechanismList("PLAIN")));
        await talk.hear(/<starttls/);
        talk.say(answer);
      });
      await assert.rejects(
        connect(server.url()),
        /offered TLS and then answered <(failure|success)\/>|closed the stream/,
      );
    }
  });
});

test("direct TLS says that it speaks XMPP (ALPN), and names the domain (SNI) unless that is an address", async () => {
  trust(testCertificate.cert);
  const seen: unknown[] = [];
  await using server = await ScriptedServer.start(async (talk) => {
    const encrypted = await talk.encrypt({ ...testCertificate, ALPNProtocols: ["http/1.1", "xmpp-client"] });
    seen.push([encrypted.alpnProtocol, (encrypted as unknown as { servername: unknown }).servername]);
    talk.socket.destroy();
  });
  await assert.rejects(connect(server.url("localhost", "alice:secret", "xmpps")));
  await assert.rejects(connect(server.url("", "alice:secret", "xmpps")));
  assert.deepEqual(seen, [
    ["xmpp-client", "localhost"],
    ["xmpp-client", false],
  ]);
});
