import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ClientConnection, defaultLimits, type Limits, type Payload } from "../protocol/contract.ts";
import { WirebenchError } from "../protocol/errors.ts";
import { bind, decode, header, jid, mechanisms, ScriptedServer, sasl, type Talk } from "./xmpp/testing.ts";
import { xmppClient } from "./xmpp.ts";

const silence = new AbortController().signal;

function connect(
  url: string,
  onMessage: (payload: Payload) => void = () => {},
  signal = silence,
  limits: Partial<Limits> = {},
) {
  return xmppClient.connect({
    url,
    limits: { ...defaultLimits, ...limits },
    user: 0,
    options: { "poll-interval": "0ms" },
    signal,
    onMessage,
  });
}

async function assertRefused(attempt: Promise<ClientConnection>, sentence: RegExp): Promise<void> {
  await assert.rejects(attempt, (error) => {
    assert.ok(error instanceof WirebenchError);
    assert.equal(error.code, "connect-failed");
    assert.match(error.message, sentence);
    return true;
  });
}

const test = (title: string, run: () => Promise<void>): void => void it(title, { timeout: 60_000 }, run);

describe("the XMPP client logs in", () => {
  for (const mechanism of ["SCRAM-SHA-1", "SCRAM-SHA-256"] as const) {
    test(`with ${mechanism} where it is offered, and sends no password`, async () => {
      await using server = await ScriptedServer.start(async (talk) => {
        await talk.scram({}, mechanism);
        await talk.bind();
        await talk.hear(/<\/stream:stream>/);
        talk.say("</stream:stream>");
      });
      const connection = await connect(server.url());
      await connection.close();
      assert.deepEqual(await connection.closed, { by: "client", message: "stream closed" });
    });
  }

  test("with PLAIN where nothing else is offered", async () => {
    const heard = Promise.withResolvers<string>();
    await using server = await ScriptedServer.start(async (talk) => {
      await talk.hear(/<stream:stream[^>]* to="example\.org"[^>]*>/);
      talk.say(mechanisms("X-OTHER", "PLAIN"));
      heard.resolve(decode((await talk.hear(/mechanism="PLAIN">([^<]*)</))[1]));
    });
    const attempt = connect(server.url("", "alice%40example.org:s%3Acret"));
    assert.equal(await heard.promise, "\0alice\0s:cret");
    server.sockets[0]!.destroy();
    await assertRefused(attempt, /connection lost/);
  });

  const refusals: readonly (readonly [string, (talk: Talk) => Promise<void>, RegExp])[] = [
    ["cannot sign with the password", (talk) => talk.scram({ signature: "v=AAAA" }), /did not prove/],
    ["does not sign at all", (talk) => talk.scram({ signature: "" }), /did not prove/],
    ["sends a nonce of its own", (talk) => talk.scram({ nonce: "other" }), /nonce is not ours/],
    ["asks for endless work", (talk) => talk.scram({ rounds: 2 ** 31 }), /iterations, got 2147483648/],
    ["asks for too little work", (talk) => talk.scram({ rounds: 1 }), /iterations, got 1$/],
  ];
  for (const [title, script, sentence] of refusals) {
    test(`nowhere that ${title}`, async () => {
      await using server = await ScriptedServer.start(script);
      await assertRefused(connect(server.url()), sentence);
    });
  }

  const answers: readonly (readonly [string, string, RegExp])[] = [
    ["no mechanism it knows", mechanisms("X-OTHER"), /expected SASL SCRAM-SHA-256 or .*, the server offers X-OTHER/],
    ["a stream error", `${header}<stream:error><host-gone xmlns='urn:x'/></stream:error>`, /stream error host-gone/],
    ["an error without a condition", `${header}<stream:error/>`, /stream error undefined-condition/],
    ["the end of the stream", `${header}</stream:stream>`, /closed the stream/],
    ["too much XML", `<stream:stream ${"a".repeat(20_000)}`, /more than 10000 characters/],
  ];
  for (const [title, answer, sentence] of answers) {
    test(`nowhere that answers with ${title}`, async () => {
      await using server = await ScriptedServer.start(async (talk) => talk.say(answer));
      await assertRefused(connect(server.url()), sentence);
    });
  }

  test("nowhere that refuses the password or the resource", async () => {
    await using refusing = await ScriptedServer.start(async (talk) => {
      talk.say(mechanisms("PLAIN"));
      await talk.hear(/<auth /);
      talk.say("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>");
    });
    await assertRefused(connect(refusing.url()), /refused the login: not-authorized/);
    await using full = await ScriptedServer.start(async (talk) => {
      talk.say(mechanisms("PLAIN"));
      await talk.hear(/<auth /);
      talk.say(sasl("success", ""));
      await talk.hear(/<stream:stream[^>]*>/);
      talk.say(bind);
      await talk.hear(/<\/iq>/);
      talk.say("<iq type='error' id='bind'><error type='cancel'><conflict xmlns='urn:x'/></error></iq>");
    });
    await assertRefused(connect(full.url()), /refused to bind a resource: conflict/);
  });

  test("nowhere without an account, and does not repeat a password", async () => {
    await assertRefused(connect("xmpp://127.0.0.1:1/"), /needs an account/);
    await assertRefused(connect("xmpp://alice@127.0.0.1:1/"), /needs an account/);
    await assertRefused(connect("xmpp://alice:%zz@127.0.0.1:1/"), /percent sign/);
    await using server = await ScriptedServer.start(async (talk) => void talk.socket.destroy());
    await assertRefused(connect(server.url()), /^(?!.*secret)/);
  });
});

describe("the XMPP client hears", () => {
  const fromServer = (text: string, from = "localhost"): string =>
    `<message from='${from}' to='${jid}'><body>${text}</body></message>`;

  async function received(path: string, ...sent: (string | Uint8Array)[]): Promise<Payload[]> {
    const payloads: Payload[] = [];
    await using server = await ScriptedServer.start(async (talk) => {
      await talk.welcome();
      await talk.hear(/<message to="[^"]*" type="headline"><body>go<\/body><\/message>/);
      for (const part of sent) {
        talk.say(part);
        await new Promise(setImmediate);
      }
      talk.say("</stream:stream>");
      await talk.hear(/<\/stream:stream>/);
    });
    const connection = await connect(server.url(path, "alice%40localhost:secret"), (payload) => payloads.push(payload));
    connection.send("go");
    assert.deepEqual(await connection.closed, { by: "server", message: "stream closed" });
    return payloads;
  }

  test("what comes in the segment that ends the login", async () => {
    const heard = Promise.withResolvers<Payload>();
    await using server = await ScriptedServer.start((talk) => talk.welcome(fromServer("at once")));
    const connection = await connect(server.url(), heard.resolve);
    assert.equal(await heard.promise, "at once");
    await Promise.all([connection.close(), server[Symbol.asyncDispose]().catch(() => {})]);
  });

  test("a character whose bytes come one by one", async () => {
    const bytes = [...Buffer.from(fromServer("€ \u{1f600}"))].map((byte) => Buffer.of(byte));
    assert.deepEqual(await received("localhost", ...bytes), ["€ \u{1f600}"]);
  });

  test("only the address it talks to", async () => {
    const others = fromServer("welcome to our server", "example.org") + fromServer("hi", "bob@localhost/x");
    assert.deepEqual(await received("localhost", others, fromServer("echo")), ["echo"]);
    assert.deepEqual(await received("bob@localhost", fromServer("echo", "bob@localhost/x")), ["echo"]);
    assert.deepEqual(await received("", fromServer("no"), fromServer("self", jid)), ["self"]);
  });

  test("no payload in a message without one", async () => {
    assert.deepEqual(await received("localhost", `<message from='localhost'><subject>a</subject></message>`), []);
  });
});

describe("the XMPP client ends", () => {
  async function ending(act: (talk: Talk) => void): Promise<{ by: string; message: string }> {
    await using server = await ScriptedServer.start(async (talk) => {
      await talk.welcome();
      act(talk);
    });
    const connection = await connect(server.url());
    const reason = await connection.closed;
    assert.throws(() => connection.send("late"), { code: "closed" });
    return reason;
  }
  const says = (text: string) => ending((talk) => talk.say(text));

  test("by the server's word: end of stream, stream error, a message refused", async () => {
    assert.deepEqual(await says("</stream:stream>"), { by: "server", message: "stream closed" });
    assert.deepEqual(await says("<stream:error/>"), { by: "server", message: "stream error undefined-condition" });
    assert.deepEqual(await says("<message from='localhost' type='error'/>"), {
      by: "server",
      message: "message refused: no reason given",
    });
  });

  const faults: readonly (readonly [string, string, RegExp])[] = [
    ["an entity", "<message from='localhost'><body>&foo;</body></message>", /entity references/],
    ["a document type declaration", "<!DOCTYPE a>", /document type/],
    ["tags in the wrong order", "<message></body>", /not well-formed: unexpected close tag/],
    ["a nesting without end", "<a>".repeat(20_000), /more than 32 elements/],
    [
      "more after a fault",
      "<a b=c/><message></a></message><stream:error/>",
      /not well-formed: unquoted attribute value/,
    ],
    ["a message too large", `<message><body>${"x".repeat(1024 * 1024 + 1)}</body></message>`, /larger than the limit/],
  ];
  for (const [title, xml, sentence] of faults) {
    test(`and does not crash on ${title}`, async () => {
      const { by, message } = await says(xml);
      assert.equal(by, "network");
      assert.match(message, sentence);
    });
  }

  test("when the connection is lost", async () => {
    assert.deepEqual(await ending((talk) => talk.socket.end()), { by: "network", message: "connection lost" });
    assert.equal((await ending((talk) => talk.socket.resetAndDestroy())).by, "network");
  });

  test("though the server does not answer", async () => {
    await using server = await ScriptedServer.start((talk) => talk.welcome());
    const connection = await connect(server.url());
    await Promise.all([connection.close(), connection.close()]);
    assert.equal((await connection.closed).by, "client");
  });
});

test("the XMPP client leaves a server that asks and does not read the answers", async () => {
  await using server = await ScriptedServer.start(async (talk) => {
    await talk.welcome();
    talk.socket.pause();
    const ping = `<iq type='get' id='${"x".repeat(9000)}' from='localhost'><ping xmlns='urn:xmpp:ping'/></iq>`;
    const ask = (): void => {
      while (talk.socket.write(ping));
    };
    talk.socket.on("drain", ask);
    ask();
  });
  const { closed } = await connect(server.url(), undefined, silence, { queueBytesMax: 64 * 1024 });
  assert.deepEqual(await closed, { by: "server", message: "it does not read what it is sent" });
});

test("the XMPP client answers a server's ping, and refuses other requests", async () => {
  const answers = Promise.withResolvers<string>();
  await using server = await ScriptedServer.start(async (talk) => {
    await talk.welcome();
    talk.say("<iq type='get' id='1' from='localhost'><ping xmlns='urn:xmpp:ping'/></iq><iq type='result' id='2'/>");
    talk.say("<iq type='get' id='3' from='localhost'><query xmlns='urn:x'/></iq>");
    answers.resolve((await talk.hear(/<iq .*<\/iq>/))[0]);
  });
  const connection = await connect(server.url());
  assert.match(
    await answers.promise,
    /^<iq type="result" id="1" to="localhost"\/><iq type="error" id="3" to="localhost"><error type="cancel"><service-un/,
  );
  server.sockets[0]!.destroy();
  await connection.closed;
});
