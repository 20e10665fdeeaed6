/** The server's side of STARTTLS (RFC 6120 section 5), with a peer that says exactly what it is told to. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it, type TestContext } from "node:test";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { xmppClient } from "../../clients/xmpp.ts";
import { until } from "../../protocol/testing.ts";
import { echo, RawPeer, start, stillServes, timePassing } from "../testing.ts";
import { xmppServer } from "../xmpp.ts";
import { auth, header } from "./testing.ts";

const starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const test = (title: string, run: (t: TestContext) => Promise<void>): void => void it(title, { timeout: 60_000 }, run);

const serve = (t: TestContext) => start(t, xmppServer, {}, echo, { tls: "starttls" });

/** A peer that has read the features of the stream in clear. */
async function opened(t: TestContext, url: string): Promise<RawPeer> {
  const peer = await RawPeer.connect(t, url);
  await peer.write(header).until(/<\/stream:features>$/);
  return peer;
}

/** TLS on the peer's connection; its next words are said through it. */
async function secure(t: TestContext, peer: RawPeer): Promise<TLSSocket> {
  peer.socket.removeAllListeners("data");
  const socket = connectTls({ socket: peer.socket, rejectUnauthorized: false });
  t.after(() => socket.destroy());
  await once(socket, "secureConnect");
  return socket;
}

describe("STARTTLS of the XMPP server", () => {
  test("is all that is offered in clear, and required; over TLS it is offered no more", async (t) => {
    const { url } = await serve(t);
    const peer = await opened(t, url);
    assert.match(
      peer.received,
      /<stream:features><starttls xmlns="[^"]+:xmpp-tls"><required\/><\/starttls><\/stream:features>$/,
    );
    await peer.write(starttls).until(/<proceed xmlns="urn:ietf:params:xml:ns:xmpp-tls"\/>$/);
    const socket = await secure(t, peer);
    let heard = "";
    socket.on("data", (chunk) => {
      heard += chunk;
    });
    socket.write(header);
    await until(() => heard.includes("</stream:features>"));
    assert.match(heard, /^<\?xml.*<mechanism>SCRAM-SHA-256<\/mechanism>/);
    assert.match(heard, /<mechanism>PLAIN<\/mechanism>/);
    assert.doesNotMatch(heard, /starttls/);
    // A new stream has an identifier of its own (section 5.4.3.3).
    const id = (text: string): string | undefined => / id='([^']+)'/.exec(text)?.[1];
    assert.notEqual(id(heard), id(peer.received));
  });

  test("forgets what came in clear behind it, which could be anybody's", async (t) => {
    const { url } = await serve(t);
    const peer = await opened(t, url);
    const injected = `${header}${auth("PLAIN", "\0a\0b")}<message to='localhost'><body>injected</body></message>`;
    await peer.write(starttls + injected).until(/<proceed [^>]*\/>/);
    const socket = await secure(t, peer);
    socket.write(header);
    const [chunk] = (await once(socket, "data")) as [Buffer];
    // The answer to the header, and nothing that answers to the rest.
    assert.match(chunk.toString(), /^<\?xml.*<\/stream:features>$/);
    assert.doesNotMatch(chunk.toString(), /failure|error|injected/);
  });

  test("takes no login and no stanza before", async (t) => {
    const { url } = await serve(t);
    const early = await opened(t, url);
    early.write(auth("PLAIN", "\0wirebench\0secret"));
    assert.match(
      await early.untilEnd(),
      /<failure xmlns="[^"]+sasl"><encryption-required\/><\/failure><stream:error><policy-violation .*<\/stream:stream>$/,
    );
    const stanza = await opened(t, url);
    stanza.write("<message to='localhost'><body>x</body></message>");
    assert.match(await stanza.untilEnd(), /<\/stream:features><stream:error><policy-violation .*<\/stream:stream>$/);
    await stillServes(xmppClient, url);
  });

  test("drops a peer that does not finish the TLS handshake, and one that goes on in clear", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { url } = await serve(t);
    const silent = await opened(t, url);
    await silent.write(starttls).until(/<proceed [^>]*\/>$/);
    const clear = await opened(t, url);
    await clear.write(starttls).until(/<proceed [^>]*\/>$/);
    clear.write(header);
    await timePassing(t, Promise.all([silent.untilEnd(), clear.untilEnd()]));
    t.mock.timers.reset();
    // An alert at most.
    for (const { received } of [silent, clear]) assert.match(received, /<proceed [^>]*\/>[^<]*$/);
    await stillServes(xmppClient, url);
  });
});
