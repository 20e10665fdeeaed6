import assert from "node:assert/strict";
import { describe } from "node:test";
import { auth, header, RawPeer, ScramClient, sasl, saslData, saslResponse, serve, test } from "./testing.ts";

const inClear = { options: { "plain-login": "on" } };

/** Goes through SCRAM up to the client's proof, which `forge` may change. */
async function prove(peer: RawPeer, client: ScramClient, forge = (final: string): string => final): Promise<void> {
  await peer.ask(header, "</stream:features>");
  const challenge = await peer.ask(auth(client.mechanism, client.first), "</challenge>");
  peer.write(saslResponse(forge(client.respond(saslData(challenge)))));
}

describe("the XMPP server logs in", () => {
  for (const hash of ["SHA-1", "SHA-256"]) {
    test(`with SCRAM-${hash} and proves that it knows the password too`, async () => {
      await using server = await serve();
      for (const [name, gs2Header] of [
        ["wirebench", "n,,"],
        ["wirebench", "y,,"],
        ["wirebench", "n,a=wirebench@localhost,"],
        ["user0", "n,,"],
        ["user4711", "n,a=user4711@localhost,"],
        ["WireBench", "n,,"],
      ] as const) {
        using peer = await RawPeer.connect(server);
        const client = new ScramClient(name, peer.password, { hash, gs2Header });
        await prove(peer, client);
        assert.equal(saslData(await peer.until("</success>")), client.signature);
        await peer.ask(header, "</stream:features>");
        await peer.bind("r");
        assert.equal(peer.jid, `${name.toLowerCase()}@localhost/r`);
        await peer.assertEcho();
      }
    });
  }

  test("with PLAIN in clear only where it is told to", async () => {
    const attempt = (peer: RawPeer): string => auth("PLAIN", `\0wirebench\0${peer.password}`);
    await using strict = await serve();
    using refused = await RawPeer.connect(strict);
    assert.doesNotMatch(await refused.ask(header, "</stream:features>"), /PLAIN/);
    await refused.ask(attempt(refused), "<encryption-required/></failure>");
    await using server = await serve(inClear);
    using peer = await RawPeer.connect(server);
    assert.match(
      await peer.ask(header, "</stream:features>"),
      /<mechanism>SCRAM-SHA-256<.*<mechanism>SCRAM-SHA-1<.*<mechanism>PLAIN</,
    );
    await peer.ask(attempt(peer), "<success");
    await peer.ask(header, "</stream:features>");
    await peer.bind();
    assert.match(peer.jid, /^wirebench@localhost\/[\w-]{12}$/);
    await peer.assertEcho();
    assert.equal(server.connections, 1);
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
      ["n,a=user1@localhost,", (final) => final, "<invalid-authzid/>"],
    ];
    for (const [gs2Header, forge, condition] of forgeries) {
      using peer = await RawPeer.connect(server);
      await prove(peer, new ScramClient("wirebench", peer.password, { gs2Header }), forge);
      await peer.until(condition);
    }
  });

  test("nobody who proves to have heard another nonce, or to have said another header", async () => {
    await using server = await serve();
    for (const claims of [{ r: "fyko+d2lbbFgONRv9qkxdawL" }, { c: "y,," }, { c: "p=tls-exporter,," }]) {
      using peer = await RawPeer.connect(server);
      await peer.ask(header, "</stream:features>");
      const client = new ScramClient("wirebench", peer.password);
      const challenge = await peer.ask(auth(client.mechanism, client.first), "</challenge>");
      await peer.ask(saslResponse(client.respond(saslData(challenge), claims)), "<not-authorized/></failure>");
    }
  });

  test("nobody who replays the proof of another login", async () => {
    await using server = await serve();
    using victim = await RawPeer.connect(server);
    const client = new ScramClient("wirebench", victim.password);
    let proof = "";
    await prove(victim, client, (final) => {
      proof = final;
      return final;
    });
    await victim.until("</success>");
    using thief = await RawPeer.connect(server);
    await prove(thief, new ScramClient("wirebench", "unknown to the thief"), () => proof);
    await thief.until("<not-authorized/></failure>");
  });

  test("nobody it does not know, and says no more of it than of a wrong password", async () => {
    await using server = await serve(inClear);
    const heard = async (name: string, password: string): Promise<string[]> => {
      using peer = await RawPeer.connect(server);
      await peer.ask(header, "</stream:features>");
      const plain = await peer.ask(auth("PLAIN", `\0${name}\0${password}`), "</failure>");
      const client = new ScramClient(name, password);
      const challenge = await peer.ask(auth(client.mechanism, client.first), "</challenge>");
      const proof = client.respond(saslData(challenge));
      return [plain, saslData(challenge).replace(/r=[^,]*/, ""), await peer.ask(saslResponse(proof), "</failure>")];
    };
    const wrongPassword = await heard("wirebench", "wrong");
    assert.match(wrongPassword[2]!, /<not-authorized\/>/);
    for (const name of ["root", "user", "user00", "user-1", "user1234567", "__proto__"]) {
      assert.deepEqual(await heard(name, "wrong"), wrongPassword);
      assert.deepEqual(await heard(name, server.password), wrongPassword);
    }
  });

  test("nobody with a wrong password, and closes after the third attempt", async () => {
    await using server = await serve(inClear);
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
    await using server = await serve(inClear);
    for (const [attempt, condition] of [
      [auth("DIGEST-MD5", ""), "<invalid-mechanism/>"],
      [auth("SCRAM-SHA-1-PLUS", "p=tls-unique,,n=wirebench,r=abc"), "<invalid-mechanism/>"],
      [`<auth ${sasl} mechanism='PLAIN'>*</auth>`, "<incorrect-encoding/>"],
      [auth("PLAIN", "no separators"), "<malformed-request/>"],
      [auth("SCRAM-SHA-1", "p=tls-unique,,n=wirebench,r=abc"), "<malformed-request/>"],
      [auth("SCRAM-SHA-1", "n,,m=must,n=wirebench,r=abc"), "<malformed-request/>"],
      [auth("SCRAM-SHA-1", "n,,n=wire=bench,r=abc"), "<malformed-request/>"],
      [`<response ${sasl}/>`, "<malformed-request/>"],
      [`<abort ${sasl}/>`, "<aborted/>"],
    ] as const) {
      using peer = await RawPeer.connect(server);
      await peer.ask(header, "</stream:features>");
      await peer.ask(attempt, condition);
      await peer.ask(auth("PLAIN", `wirebench@localhost\0wirebench\0${peer.password}`), "<success");
    }
  });

  test("after an attempt that the client gave up halfway", async () => {
    await using server = await serve();
    using peer = await RawPeer.connect(server);
    await peer.ask(header, "</stream:features>");
    const client = new ScramClient("wirebench", peer.password);
    const challenge = await peer.ask(auth(client.mechanism, client.first), "</challenge>");
    await peer.ask(`<abort ${sasl}/>`, "<aborted/></failure>");
    await peer.ask(saslResponse(client.respond(saslData(challenge))), "<malformed-request/></failure>");
  });

  test("a client that waits for an empty challenge first, or that does not wait at all", async () => {
    await using server = await serve(inClear);
    using waiting = await RawPeer.connect(server);
    await waiting.ask(header, "</stream:features>");
    await waiting.ask(`<auth ${sasl} mechanism='PLAIN'/>`, "<challenge");
    await waiting.ask(saslResponse(`\0wirebench\0${waiting.password}`), "<success");
    using hasty = await RawPeer.connect(server);
    const login = header + auth("PLAIN", `\0wirebench\0${hasty.password}`) + header;
    await hasty.ask(login, "<session");
    await hasty.bind();
    await hasty.assertEcho();
  });

  test("nobody who begins again and again, without an end", async () => {
    await using server = await serve();
    using peer = await RawPeer.connect(server);
    await peer.ask(header, "</stream:features>");
    const begin = auth("SCRAM-SHA-1", "n,,n=wirebench,r=abc");
    peer.write(begin.repeat(100));
    const heard = await peer.untilClosed();
    assert.match(heard, /<malformed-request\/>.*<policy-violation .*<\/stream:stream>$/);
    assert.equal(heard.match(/<challenge/g)?.length, 3);
  });
});
