import assert from "node:assert/strict";
import { test } from "node:test";
import { protocolNames } from "./protocols.ts";
import { deliveryFloorMs, describeTarget, parseTarget, withOption } from "./target.ts";

test("reads a protocol, and a protocol with the URL of a running server", () => {
  const embedded = { label: "websocket", protocol: "websocket", options: {}, system: { kind: "embedded" } };
  assert.deepEqual(parseTarget("websocket"), embedded);
  const url = "ws://127.0.0.1:9001/echo?a=b";
  assert.deepEqual(parseTarget(`websocket=${url}`), {
    ...embedded,
    label: `websocket=${url}`,
    system: { kind: "external", url },
  });
});

test("takes other words for a protocol, and labels it by its name", () => {
  for (const [given, label] of [
    ["ws", "websocket"],
    ["ws=ws://h/", "websocket=ws://h/"],
    ["polling+poll-interval=1s", "short-polling+poll-interval=1s"],
  ] as const) {
    const target = parseTarget(given);
    assert.equal(target.label, label);
    assert.deepEqual(target, parseTarget(label));
  }
});

test("reads options of a protocol, with and without a URL, and fills in the others", () => {
  assert.deepEqual(parseTarget("short-polling").options, { "poll-interval": "100ms" });
  const { label, options, system } = parseTarget("short-polling+poll-interval=1s=http://127.0.0.1:9001/");
  assert.equal(label, "short-polling+poll-interval=1s=http://127.0.0.1:9001/");
  assert.deepEqual(options, { "poll-interval": "1s" });
  assert.deepEqual(system, { kind: "external", url: "http://127.0.0.1:9001/" });
});

test("reads TLS as an option of every protocol, alone and beside others", () => {
  for (const name of protocolNames) assert.equal(parseTarget(`${name}+tls`).options.tls, "direct");
  assert.equal(parseTarget("websocket").options.tls, undefined);
  assert.deepEqual(parseTarget("short-polling+tls+poll-interval=50ms").options, {
    "poll-interval": "50ms",
    tls: "direct",
  });
  const titles = ["websocket+tls", "xmpp+tls", "xmpp+tls=starttls", "short-polling+tls+poll-interval=1s"].map(
    (text) => describeTarget(parseTarget(text)).title,
  );
  assert.deepEqual(titles, [
    "WebSocket over TLS",
    "XMPP over TLS",
    "XMPP with STARTTLS",
    "Short polling every 1 s over TLS",
  ]);
});

test("names each option in the title, in one order however they were given", () => {
  for (const [given, title] of [
    ["long-polling+h2", "Long polling over HTTP/2"],
    ["sse+tls+h2+deflate", "SSE compressed over HTTP/2 over TLS"],
    ["websocket+deflate+tls", "WebSocket compressed over TLS"],
    ["sse+deflate", "SSE compressed"],
    ["websocket+browser-headers", "WebSocket with a browser's headers"],
    ["sse+browser-headers+close", "SSE with a connection per request with a browser's headers"],
    ["bosh+close", "XMPP over BOSH with a connection per request"],
    ["sse+tls+close", "SSE with a connection per request over TLS"],
    ["long-polling+close+tls", "Long polling with a connection per request over TLS"],
  ] as const) {
    assert.equal(describeTarget(parseTarget(given)).title, title);
  }
});

test("sets an option on those that have it", () => {
  const asked = withOption(parseTarget("short-polling"), "poll-interval", "2s")!;
  assert.deepEqual(
    [asked.label, asked.options, deliveryFloorMs(asked)],
    ["short-polling", { "poll-interval": "2s" }, 2000],
  );
  assert.equal(withOption(parseTarget("tcp"), "poll-interval", "2s"), undefined);
  assert.equal(deliveryFloorMs(parseTarget("tcp")), 0);
});

test("is described by its title and options, an external one as it was given", () => {
  const titles = ["websocket", "short-polling+poll-interval=1s", "tcp=tcp://127.0.0.1:1/"].map(
    (text) => describeTarget(parseTarget(text)).title,
  );
  assert.deepEqual(titles, ["WebSocket", "Short polling every 1 s", "tcp=tcp://127.0.0.1:1/"]);
});

test("hides a password in the label and the description, since both are printed in reports", () => {
  const target = parseTarget("xmpp=xmpp://alice:s3cret@127.0.0.1:5222/");
  assert.equal(target.label, "xmpp=xmpp://alice:***@127.0.0.1:5222/");
  assert.equal(target.system.kind === "external" && target.system.url, "xmpp://alice:s3cret@127.0.0.1:5222/");
  assert.doesNotMatch(JSON.stringify(describeTarget(target)), /s3cret/);
});

const mistakes: [string, RegExp][] = [
  ["", /unknown protocol ""/],
  ["carrier-pigeon", /unknown protocol "carrier-pigeon": expected one of tcp, websocket/],
  ["websockets", /unknown protocol "websockets": did you mean "websocket"\? expected/],
  ["short-polling+poll-intervall=1s", /did you mean "poll-interval"\? it has/],
  ["websocket+ssl", /websocket has no option "ssl": it has browser-headers, deflate, heartbeat, tls/],
  ["websocket+tls=starttls", /expected \+tls, got "\+tls=starttls"/],
  ["xmpp+tls=never", /expected \+tls or \+tls=starttls, got "\+tls=never"/],
  ["websocket+tls=wss://127.0.0.1/", /leave \+tls out of websocket=URL: the scheme of its URL says/],
  [
    "short-polling+pace=1s",
    /short-polling has no option "pace": it has poll-interval, close, browser-headers, h2, heartbeat, tls/,
  ],
  ["short-polling+poll-interval=often", /expected a duration with its unit/],
  ["short-polling+poll-interval", /expected a duration with its unit/],
  ["sse+close=always", /expected \+close, got "\+close=always"/],
  ["sse+h2+close", /leave \+h2 or \+close out of sse: HTTP\/2 carries every request/],
  ["long-polling+close+tls+h2", /leave \+h2 or \+close out of long-polling/],
  ["websocket+close", /websocket has no option "close"/],
  ["websocket+heartbeat=often", /expected a duration with its unit/],
  ["websocket+heartbeat=1ms", /expected a heartbeat every 50ms to 1h, got "1ms"/],
  ["websocket+heartbeat=25s=ws://127.0.0.1/", /leave \+heartbeat out of a target with another server/],
  ["xmpp+heartbeat@prosody", /leave \+heartbeat out of a target with another server: .* its own setting/],
  ["tcp+heartbeat", /tcp has no option "heartbeat"/],
  ["xmpp@prosodi", /xmpp has no server "prosodi": did you mean "prosody"\?/],
  ["websocket@prosody", /websocket has no server "prosody"/],
  ["websocket=http://127.0.0.1/", /a URL like ws:\/\/HOST:PORT\//],
  ["websocket=nonsense", /a URL like ws:\/\/HOST:PORT\/ or .*, got "nonsense"/],
  ["websocket=", /a URL like/],
  ["tcp=tcp:///", /a URL like/],
];

for (const [text, message] of mistakes) {
  test(`refuses ${JSON.stringify(text)} and says what is expected`, () => {
    assert.throws(() => parseTarget(text), { code: "usage", message });
  });
}
