/** What users read when a server says no, through a real socket. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { WebSocketServer } from "ws";
import { defaultLimits } from "../../protocol/contract.ts";
import { boshClient } from "../bosh.ts";
import { xmppClient } from "../xmpp.ts";
import { xmppWebsocketClient } from "../xmpp-websocket.ts";
import { header, mechanisms, ScriptedServer, type Talk } from "./testing.ts";

const test = (title: string, run: () => Promise<void>): void => void it(title, { timeout: 60_000 }, run);

const connect = (url: string, client = xmppClient) =>
  client.connect({
    url,
    limits: defaultLimits,
    user: 0,
    signal: new AbortController().signal,
    onMessage: () => {},
  });

async function refusalOf(script: (talk: Talk) => Promise<void>): Promise<string> {
  await using server = await ScriptedServer.start(script);
  const error = await connect(server.url("", "alice%40localhost:secret")).then(
    () => assert.fail("connected"),
    (cause: Error) => cause,
  );
  assert.doesNotMatch(error.message, /secret/);
  assert.match(error.message, /^cannot connect to xmpp:\/\/alice%40localhost:\*\*\*@127\.0\.0\.1:\d+\/: /);
  return error.message.replace(/^.*?\/: /, "");
}

async function endOf(words: string): Promise<string> {
  await using server = await ScriptedServer.start(async (talk) => {
    await talk.welcome();
    await talk.hear(/<body>go<\/body>/);
    talk.say(words);
  });
  const connection = await connect(server.url());
  connection.send("go");
  const { by, message } = await connection.closed;
  assert.equal(by, "server");
  return message;
}

const streamError = (condition: string, text = "", within = ""): string => {
  const namespace = "xmlns='urn:ietf:params:xml:ns:xmpp-streams'";
  const words = text === "" ? "" : `<text ${namespace}>${text}</text>`;
  return `<stream:error><${condition} ${namespace}>${within}</${condition}>${words}</stream:error>`;
};

/** Of a server, and what a user then reads: the condition, the server's words, what it means, what to do. */
const streamErrors: readonly (readonly [string, RegExp])[] = [
  [
    streamError("conflict", "Replaced by new connection"),
    /^stream error conflict \(Replaced by new connection\): another session .* an account of its own \(user%d in the URL\)/,
  ],
  [
    streamError("policy-violation", "stanza too big"),
    /^stream error policy-violation \(stanza too big\): .* --payload$/,
  ],
  [
    streamError("resource-constraint"),
    /^stream error resource-constraint: the server has too little .* --connections,/,
  ],
  [streamError("host-unknown"), /^stream error host-unknown: the server does not host this domain: .*\?domain=D/],
  [streamError("system-shutdown"), /^stream error system-shutdown: the server is being stopped or restarted$/],
  [streamError("not-authorized"), /^stream error not-authorized: .* before a login/],
  [streamError("connection-timeout"), /^stream error connection-timeout: the server heard nothing/],
  [
    streamError("see-other-host", "", "[2001:db8::1]:5222"),
    /^stream error see-other-host \(\[2001:db8::1\]:5222\): the server sends its clients elsewhere/,
  ],
  [streamError("x-of-its-own", "why"), /^stream error x-of-its-own \(why\)$/],
  [streamError("constructor"), /^stream error constructor$/],
  [streamError("conflict", "x".repeat(5000)), /^stream error conflict \(with a text of 5000 characters\): /],
];

describe("a stream error is named for what it is", () => {
  for (const [words, sentence] of streamErrors) {
    const condition = /<([\w-]+) /.exec(words)![1];
    test(`${condition}: during the login and after it`, async () => {
      assert.match(await endOf(words), sentence);
      assert.match(await refusalOf(async (talk) => talk.say(`${header}${words}`)), sentence);
    });
  }
});

const failures: readonly (readonly [string, RegExp])[] = [
  ["<not-authorized/>", /: not-authorized: the name or the password is wrong, .* user0, user1/],
  ["<not-authorized/><text>no such user</text>", /: not-authorized \(no such user\): the name/],
  ["<text>first</text><account-disabled/>", /: account-disabled \(first\): the account exists/],
  ["<temporary-auth-failure/>", /: temporary-auth-failure: .* so often$/],
  ["<encryption-required/>", /: encryption-required: .* xmpps:/],
  ["<mechanism-too-weak/>", /: mechanism-too-weak: .*\?mechanism=M/],
  ["<x-of-its-own/>", /: x-of-its-own$/],
  ["", /: failure$/],
];

describe("a login that fails is named for what it is", () => {
  for (const [content, sentence] of failures) {
    test(content || "no condition", async () => {
      const refusal = await refusalOf(async (talk) => {
        talk.say(mechanisms("PLAIN"));
        await talk.hear(/<auth /);
        talk.say(`<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>${content}</failure>`);
      });
      assert.match(refusal, /^the server refused the login: /);
      assert.match(refusal, sentence);
    });
  }
});

const stanzaError = (condition: string, text = ""): string => {
  const namespace = "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'";
  return `<error type='cancel'><${condition} ${namespace}/>${text && `<text ${namespace}>${text}</text>`}</error>`;
};

const stanzaErrors: readonly (readonly [string, RegExp])[] = [
  [stanzaError("conflict"), /: conflict: another session has this resource$/],
  [stanzaError("resource-constraint"), /: resource-constraint: .* an account of its own \(user%d/],
  [stanzaError("policy-violation", "slow down"), /: policy-violation \(slow down\): .*rate of stanzas/],
  [stanzaError("service-unavailable"), /: service-unavailable: nobody at this address takes it/],
  [stanzaError("remote-server-not-found"), /: remote-server-not-found: .* no server/],
  [stanzaError("x-of-its-own"), /: x-of-its-own$/],
];

describe("a stanza error is named for what it is", () => {
  for (const [error, sentence] of stanzaErrors) {
    test(`${/<([\w-]+) xmlns/.exec(error)![1]}: to the binding of a resource and to a message`, async () => {
      const refusal = await refusalOf(async (talk) => {
        await talk.authenticate();
        await talk.hear(/<iq /);
        talk.say(`<iq type='error' id='bind'>${error}</iq>`);
      });
      assert.match(refusal, /^the server refused to bind a resource: /);
      assert.match(refusal, sentence);
      const end = await endOf(`<message from='localhost' type='error'>${error}</message>`);
      assert.match(end, /^message refused: /);
      assert.match(end, sentence);
    });
  }
});

describe("the end of a BOSH session is named for what it is", () => {
  const ends: readonly (readonly [string, string, RegExp])[] = [
    ["condition='policy-violation'", "", /: BOSH terminate policy-violation: a rule of the server/],
    ["condition='host-unknown'", "", /: BOSH terminate host-unknown: .*\?domain=D/],
    ["condition='item-not-found'", "", /: BOSH terminate item-not-found: the server knows no such session/],
    [
      "condition='see-other-uri'",
      "<uri>https://b.example/bosh</uri>",
      /: BOSH terminate see-other-uri \(https:\/\/b\.example\/bosh\): the server sends/,
    ],
    ["condition='x-of-its-own'", "", /: BOSH terminate x-of-its-own$/],
    ["", "", /: the server closed the stream during the login$/],
    ["condition='remote-stream-error'", streamError("conflict"), /: stream error conflict: another session/],
  ];
  for (const [attributes, content, sentence] of ends) {
    test(attributes || "no condition", async () => {
      const names = "xmlns='http://jabber.org/protocol/httpbind' xmlns:stream='http://etherx.jabber.org/streams'";
      const body = `<body ${names} type='terminate' ${attributes}>${content}</body>`;
      await using server = await ScriptedServer.start(async (talk) => {
        await talk.hear(/^POST .*<body [^>]*>/s);
        const head = `HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: ${body.length}\r\n\r\n`;
        talk.say(head + body);
      });
      const url = server.url("http-bind", "alice:secret", "http");
      await assert.rejects(connect(url, boshClient), { code: "connect-failed", message: sentence });
    });
  }
});

test("another address for XMPP over WebSocket is named", async () => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => "xmpp" });
  await once(server, "listening");
  server.on("connection", (socket) => {
    socket.once("message", () =>
      socket.send("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing' see-other-uri='wss://b.example/ws'/>"),
    );
  });
  const { port } = server.address() as AddressInfo;
  await assert.rejects(connect(`ws://alice:secret@127.0.0.1:${port}/`, xmppWebsocketClient), {
    code: "connect-failed",
    message: /stream closed: see-other-uri \(wss:\/\/b\.example\/ws\): the server sends its clients elsewhere/,
  });
  for (const client of server.clients) client.terminate();
  await new Promise((resolve) => server.close(resolve));
});
