import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { shippedProfile } from "../../bench/profiles/shipped.ts";
import type { DecidedClaim } from "../contract/claim.ts";
import type { Profile } from "../contract/profile.ts";
import type { MetricName } from "../metrics/metrics.ts";
import type { ProbeName } from "../recording/findings.ts";
import { claims, decideClaims } from "./claims.ts";
import { assertInShort, but, cellOf, decidedFrom, type MadeUp, sayingOf, targetOf } from "./testing.ts";

const targets = [
  targetOf("websocket", "stream"),
  targetOf("sse", "stream", ["acknowledgement", "resume"]),
  targetOf("long-polling", "held-request", ["acknowledgement"]),
  targetOf("xmpp", "stream", ["login", "presence", "acknowledgement", "resume"]),
];

const decide = (id: string, made: readonly MadeUp[], known = targets): DecidedClaim =>
  decidedFrom(id, made.map(cellOf), known);

type Measured = MadeUp["measured"];

/** Three trials that agree. */
const thrice = (value: number): number[] => [value, value, value];
/** Three trials that differ by a few percent. */
const around = (value: number): number[] => [value * 0.98, value, value * 1.02];
/** Three trials that say nothing. */
const anywhere = (value: number): number[] => [value / 2, value, value * 2];

const on = (target: string, scenario: string, measured: Measured, variant?: string): MadeUp => ({
  target,
  scenario,
  measured,
  ...(variant !== undefined && { variant }),
});

const duplex = on("websocket", "duplex", {
  lostMessages: thrice(0),
  censoredMessages: thrice(0),
  connectionsPerMessage: thrice(0),
  uplinkInterferenceP50Ratio: around(1.1),
  downlinkInterferenceP50Ratio: around(1.05),
});

const wire = (target: string, variant: string, measured: Measured): MadeUp => on(target, "wire", measured, variant);
const both = (bytes: number): Measured => ({ upWireBytes: thrice(bytes + 4), downWireBytes: thrice(bytes) });
const frames = [
  wire("websocket", "text, 40 B", { ...both(82), upHttpBytes: thrice(0), downWireOverPayloadRatio: thrice(2) }),
  wire("websocket", "binary, 40 B", both(82)),
  wire("websocket", "text, 65,536 B", { ...both(67_346), downWireOverPayloadRatio: thrice(1.03) }),
  wire("websocket", "binary, 65,536 B", both(67_346)),
];
const events = [
  wire("sse", "text, 40 B", { ...both(249), upHttpBytes: thrice(202), downFramingBytes: thrice(16) }),
  wire("sse", "text, 65,536 B", both(67_600)),
  wire("sse", "binary, 65,536 B", both(90_000)),
];

const push = (target: string, measured: Measured, polled = ""): MadeUp =>
  on(target, "push", measured, `10 per second${polled}`);
const pushed = [
  push("websocket", {
    askedBytesPerUpdate: thrice(0),
    connectionsPerMessage: thrice(0),
    ageMeanUs: around(100_000),
    pushP50Us: around(200),
  }),
  push("sse", { askedBytesPerUpdate: thrice(0), pushP50Us: around(400) }),
  push("long-polling", {
    askedBytesPerUpdate: around(240),
    connectionsPerMessage: thrice(0),
    ageMeanUs: around(101_000),
    pushP50Us: around(500),
  }),
  push("long-polling+close", { connectionsPerMessage: around(0.98) }),
  push(
    "short-polling",
    { askedBytesPerUpdate: around(400), ageMeanUs: around(125_000), ageOverSourceMeanUs: around(25_000) },
    ", polled every 50 ms",
  ),
  push(
    "short-polling",
    { askedBytesPerUpdate: around(90), ageMeanUs: around(350_000), ageOverSourceMeanUs: around(250_000) },
    ", polled every 500 ms",
  ),
];

const echo = (target: string, us: readonly number[]): MadeUp =>
  on(target, "echo", {
    roundTripP50Us: us,
    wireBytesPerMessage: thrice(300),
    lostMessages: thrice(0),
    receivedMessages: thrice(480),
  });
const echoes = [
  echo("websocket", around(150)),
  echo("sse", around(400)),
  echo("long-polling", around(900)),
  echo("xmpp", around(600)),
];
/** At 125 messages a second of each user, 80 ms away. */
const echoAway = (target: string, ms: number, messagesPerWrite: number, trials = around): MadeUp => ({
  ...on(
    target,
    "echo",
    { roundTripP50Us: trials(ms * 1000), generatorMessagesPerWrite: around(messagesPerWrite) },
    "over rtt=80ms",
  ),
  parameters: {
    connections: 16,
    link: { rttMs: 80 },
    load: { kind: "open", ratePerSecond: 2000, arrivals: "constant" },
  },
});
const away = [
  echoAway("websocket", 81, 1),
  echoAway("sse", 124, 8.7),
  echoAway("long-polling", 127, 8.9),
  echoAway("long-polling+close", 250, 20),
  echoAway("xmpp", 81.5, 1),
];
const inTurn = ["websocket", "sse", "long-polling", "xmpp"].map(
  (target): MadeUp => ({
    ...on(target, "literature", { exchangeOverRoundTripP50Ratio: around(1.02) }, "exchange at 162 ms"),
    parameters: { link: { rttMs: 162 } },
  }),
);
const fastest = [...echoes, ...away, ...inTurn];

const probed = (target: string, findings: MadeUp["findings"], measured: Measured): MadeUp => ({
  ...on(target, "security", measured),
  parameters: { settings: { payloadBytesMax: 65_536 } },
  findings: findings ?? {},
});
const refused = (...names: MetricName[]): Measured => Object.fromEntries(names.map((name) => [name, [1]]));
const loose = probed(
  "websocket",
  { "hostile-framing": "refused-by-protocol", "early-message": "accepted" },
  { protocolRefusedProbes: [1], oversizeRefusals: [1] },
);
const byProtocol: Partial<Record<ProbeName, "refused-by-protocol">> = {
  "hostile-framing": "refused-by-protocol",
  "early-message": "refused-by-protocol",
  "forged-sender": "refused-by-protocol",
};
const strict = probed("xmpp", byProtocol, {
  protocolRefusedProbes: [3],
  ...refused(
    "wrongPasswordRefusals",
    "earlyMessageRefusals",
    "replayedLoginRefusals",
    "falseServerRefusals",
    "forgedSenderRefusals",
  ),
});
const encrypted = probed("xmpp+tls=starttls", {}, refused("plaintextRefusals", "strippedTlsRefusals"));

const transfer = (target: string, ratio: number, rate: number, variant: string): MadeUp =>
  on(
    target,
    "binary",
    {
      wireOverPayloadBytesRatio: thrice(ratio),
      goodputBytesPerSecond: around(rate),
      corruptedMessages: thrice(0),
      lostMessages: thrice(0),
      receivedMessages: thrice(100),
    },
    variant,
  );
const transfers = [
  transfer("websocket", 1.001, 1e9, "64 KiB, message"),
  transfer("xmpp", 1.34, 1e8, "64 KiB, message"),
  transfer("xmpp", 1.4, 1e7, "64 KiB, blocks of 4,096 B"),
];
const large = transfer("websocket", 1.001, 1e9, "256 KiB, message");

const between = (how: string, factor: readonly number[], more: Measured = {}): MadeUp =>
  on(
    "xmpp@prosody",
    "federation",
    { federatedP50Ratio: factor, sameServerP50Us: around(300), ...more },
    `prosody to prosody, ${how}`,
  );
const federated = between("in clear", around(1.9), {
  firstRoundTripMs: around(40),
  receivedMessages: thrice(1200),
  lostMessages: thrice(0),
});
const encryptedBetween = between("over TLS", around(2.1));
const apart: MadeUp = {
  ...between("over TLS, 40 ms apart", [100], { roundTripP50Us: [41_000], sameServerP50Us: [400] }),
  parameters: { settings: { betweenServersMs: 40 } },
};

const told = (target: string, variant: string, share: number): MadeUp =>
  on(target, "presence", { noticedFraction: [share] }, `cut off, ${variant}10 subscribers`);
const present = [told("websocket", "nothing built, ", 0), told("websocket", "", 1), told("xmpp", "", 1)];

const page: MadeUp = {
  ...on("websocket", "browser", {
    pageExactTextEchoes: thrice(100),
    pageExactBinaryEchoes: thrice(100),
    programExactTextEchoes: thrice(100),
    programExactBinaryEchoes: thrice(100),
    pageOverProgramRoundTripP50Ratio: around(2.5),
  }),
  parameters: { settings: { messagesInTurn: 100, messagesAtOnce: 100 } },
};

/** Who was cut off, with what the protocol brings and without. */
const cut = (target: string, variant: string, lost: number, resumedBy: string): MadeUp => ({
  ...on(target, "resume", { lostUpdates: thrice(lost) }, variant),
  parameters: { settings: { resumedBy } },
});
const cuts = [
  cut("websocket", "bare", 320, "nothing"),
  cut("websocket", "resumed", 0, "application"),
  cut("sse", "bare", 320, "nothing"),
  cut("sse", "resumed", 0, "position"),
];
const settingsOf = (ofStream: number, ofEvents: number): MadeUp[] =>
  ["haproxy", "nginx"].flatMap((variant) => [
    on("websocket", "proxy", { proxySettingsNeeded: [ofStream, ofStream] }, variant),
    on("sse", "proxy", { proxySettingsNeeded: [ofEvents, ofEvents] }, variant),
  ]);
/** Through a proxy as shipped, XMPP by itself and over WebSocket. */
const led = (bare: number, carried: number): MadeUp[] => [
  on("xmpp", "proxy", { shippedConnections: [bare, bare] }, "haproxy"),
  on("xmpp-websocket", "proxy", { shippedConnections: [carried, carried] }, "haproxy"),
];

/** Eight users, on a connection each and on one. */
const shared = (
  [
    ["a connection each", 3, 20_400, 1],
    ["one connection", 1, 20_500, 8],
  ] as const
).map(([variant, roundTrips, us, held]): MadeUp => {
  const measured = {
    newUserRoundTrips: around(roundTrips),
    userDelayP50Us: around(us),
    heldUpUsers: thrice(held),
  };
  return { ...on("websocket", "multiplex", measured, variant), parameters: { link: { rttMs: 20 } } };
});

/** An application over both, with so many times the costs on requests. */
const application = (name: string, times: number, trials = around, needs: Profile["needs"] = []): MadeUp[] => {
  const profile = { ...shippedProfile(name), needs };
  const over = (target: string, factor: number): MadeUp => ({
    ...on(
      target,
      "profile",
      {
        downlinkScheduledP50Us: trials(30_000 * factor),
        downlinkScheduledP99Us: trials(50_000 * factor),
        wireBytesPerUserHour: trials(100_000 * factor),
        serverCpuUsPerUserSecond: trials(5 * factor),
      },
      name,
    ),
    parameters: { profile, link: { rttMs: 50 } },
  });
  return [over("websocket", 1), over("long-polling", times)];
};
const quickOnes = ["market", "game", "editor", "chat"];
const slowOnes = ["search", "email", "feed", "scores"];
const applications = (quick: number, slow: number, trials = around): MadeUp[] => [
  ...quickOnes.flatMap((name) => application(name, quick, trials)),
  ...slowOnes.flatMap((name) => application(name, slow, trials)),
];

/** Another cell in place of the one of that target and variant. */
const replaced = (cells: readonly MadeUp[], by: MadeUp): MadeUp[] =>
  cells.map((cell) => (cell.target === by.target && cell.variant === by.variant ? by : cell));
const changed = (cells: readonly MadeUp[], at: number, measured: Measured): MadeUp[] =>
  cells.map((cell, index) => (index === at ? but(cell, measured) : cell));

/** What each rule says of results; the first are those that support the sentence. */
const rules: Record<string, readonly (readonly [readonly MadeUp[], RegExp])[]> = {
  "ws-duplex": [
    [[duplex], /^holds$/],
    [
      [but(duplex, { uplinkInterferenceP50Ratio: around(2) })],
      /^holds-when one direction may be slower for the other: the uplink p50 is 2\.00× .*what it is alone$/,
    ],
    [[but(duplex, { uplinkInterferenceP50Ratio: [2] })], /^holds$/],
    [[but(duplex, { lostMessages: [0, 1, 0] })], /^does-not-hold$/],
    [[but(duplex, { censoredMessages: [0, 1, 0] })], /^does-not-hold$/],
    [[but(duplex, { connectionsPerMessage: around(1) })], /^does-not-hold$/],
  ],
  "ws-text-binary": [
    [frames, /^holds$/],
    [changed(frames, 3, both(90_000)), /^holds-when a payload has 40 B, but not with every other size$/],
    [
      frames.flatMap((cell) => (cell.variant?.startsWith("text") ? [cell] : [but(cell, both(90_000))])),
      /^does-not-hold$/,
    ],
  ],
  "ws-anywhere": [
    [[page], /^holds$/],
    [[but(page, { pageExactBinaryEchoes: [100, 99, 100] })], /^does-not-hold$/],
    [[but(page, { programExactTextEchoes: [0, 0, 0] })], /^does-not-hold$/],
  ],
  "http-direction": [
    [pushed.filter(({ target }) => target !== "sse"), /^holds$/],
    [
      pushed,
      /^holds-when a response ends: an event stream is one that does not, and brings every update for 0 B asked/,
    ],
    [changed(pushed, 0, { askedBytesPerUpdate: thrice(40) }), /^does-not-hold$/],
    [changed(pushed, 2, { askedBytesPerUpdate: thrice(0) }), /^does-not-hold$/],
  ],
  "http-lifetime": [
    [changed(pushed, 2, { connectionsPerMessage: around(1) }), /^holds$/],
    [
      pushed,
      /^holds-when every request says "Connection: close" \(connections per message: 1.*\); HTTP\/1\.1 keeps a connection alive \(0\)$/,
    ],
    [pushed.filter(({ target }) => target !== "long-polling+close"), /^does-not-hold$/],
    [changed(pushed, 0, { connectionsPerMessage: around(1) }), /^does-not-hold$/],
  ],
  "http-freshness": [
    [[...changed(pushed, 2, { ageMeanUs: around(150_000) })], /^holds$/],
    [
      pushed,
      /^holds-when a client asks by the clock: with a poll every 50 ms what it has is 1\.25× as old and with one every 500 ms 3\.50×; with a held request 1\.01×/,
    ],
    [
      changed(pushed, 4, { ageMeanUs: around(100_500) }),
      /^holds-when a client asks by the clock and seldom: with a poll every 500 ms .*; with one every 50 ms 1\.00.*; with a held request/,
    ],
    [changed(changed(pushed, 4, { ageMeanUs: around(100_000) }), 5, { ageMeanUs: around(100_000) }), /^does-not-hold$/],
    [
      changed(changed(pushed, 4, { ageMeanUs: anywhere(100_000) }), 5, { ageMeanUs: anywhere(100_000) }),
      /^not-measured the age of polled data over that on a WebSocket is .*, which cannot tell$/,
    ],
  ],
  "http-fit": [
    [applications(3, 0.3), /^holds$/],
    [
      applications(3, 3),
      /^holds-when the application is Market prices, .* and Messaging, by .*; websocket comes first for Search, .* and Final scores$/,
    ],
    [
      [...applications(3, 0.3).slice(0, -2), ...application("scores", 1, anywhere)],
      /^holds-when the application is Market prices, .*, E-mail and Social feed, by .*; nobody can tell for Final scores$/,
    ],
    [applications(0.3, 3), /^does-not-hold$/],
    [applications(1, 1, anywhere), /^not-measured of 8 applications none tells websocket from long-polling$/],
    [applications(3, 0.3, (value) => [value, value]), /^not-measured of 8 applications none tells/],
  ],
  "sse-direction": [
    [[...frames, ...events], /^holds$/],
    [[...frames, ...changed(events, 0, { upHttpBytes: thrice(0) })], /^does-not-hold$/],
  ],
  "sse-complexity": [
    [[...cuts, ...settingsOf(3, 1)], /^holds$/],
    [
      [...cuts, ...settingsOf(2, 3), ...frames, ...events],
      /^holds-when what counts is updates lost by a cut where the application keeps a history and builds no more \(320 against 0\); SSE is the dearer one in settings of HAProxy \(3 against 2\), .* and bytes for 64 KiB of binary/,
    ],
    [[...changed(cuts, 0, { lostUpdates: thrice(0) }), ...settingsOf(1, 3)], /^does-not-hold$/],
    [cuts, /^not-measured no cell counted what WebSocket and SSE need to resume, and to pass a proxy$/],
  ],
  "sse-format": [
    [[...frames, ...events], /^holds$/],
    [[...frames, ...changed(events, 2, both(67_600))], /^does-not-hold$/],
    [[...changed(frames, 3, both(90_000)), ...events], /^does-not-hold$/],
  ],
  "xmpp-open": [
    [
      [federated],
      /^not-a-measurement its specifications are open .* two servers of this machine, each under its address, exchanged messages$/,
    ],
  ],
  "xmpp-support": [
    [
      ["xmpp", "xmpp@prosody", "xmpp@ejabberd"].map((target) => echo(target, around(500))),
      /^not-a-measurement announced as Jabber in January 1999, .* 3 servers, .*, echoed what one client sent here$/,
    ],
  ],
  "xmpp-security": [
    [[strict, encrypted], /^holds-when the server demands TLS/],
    [
      [but(strict, { forgedSenderRefusals: [0] }), encrypted],
      /^holds-when it is about authentication and encryption: authorisation was got past$/,
    ],
    [
      [
        but(strict, { forgedSenderRefusals: [0], wrongPasswordRefusals: [0] }),
        but(encrypted, { plaintextRefusals: [0] }),
      ],
      /^does-not-hold$/,
    ],
  ],
  "xmpp-stacks": [
    [[echo("xmpp-websocket", around(650)), ...led(0, 1)], /^holds$/],
    [
      [
        echo("xmpp-websocket", around(650)),
        ...led(0, 1),
        wire("xmpp-websocket", "text, 65,536 B", both(68_000)),
        wire("xmpp-websocket", "binary, 65,536 B", both(90_000)),
      ],
      /^holds-when the limit is the way there: .* binary data stays base64, 1\.32× what text costs$/,
    ],
    [[echo("xmpp-websocket", around(650)), ...led(0, 0)], /^does-not-hold$/],
    [[echo("xmpp-websocket", around(650)), ...led(1, 1)], /^does-not-hold$/],
    [[but(echo("xmpp-websocket", around(650)), { lostMessages: [0, 1, 0] }), ...led(0, 1)], /^does-not-hold$/],
  ],
  "xmpp-binary": [
    [transfers, /^holds$/],
    [changed(transfers, 1, { wireOverPayloadBytesRatio: thrice(1.002) }), /^does-not-hold$/],
  ],
  "xmpp-decentralised-slow": [
    [
      [federated, encryptedBetween, apart],
      /^holds-when two people are on different servers: .* takes 1\.90× .* the time in clear and 2\.10× .* over TLS, the first of all 40\.0 ms .*; with 40 ms there and back between the servers 41\.0 ms instead of 400 µs, in one trial: their distance comes on top/,
    ],
    [
      [federated, encryptedBetween, but(apart, { roundTripP50Us: [39_000] })],
      /^holds-when .* over TLS, the first of all 40\.0 ms [^;]*; on one server nothing is federated$/,
    ],
    [[federated], /^holds-when .* takes 1\.90× .* the time in clear, the first of all 40\.0 ms .*; on one server/],
    [[but(federated, { federatedP50Ratio: around(1) })], /^does-not-hold$/],
    [[but(federated, { federatedP50Ratio: around(1) }), encryptedBetween], /^holds-when .* in clear and 2\.10×/],
    [[but(federated, { federatedP50Ratio: anywhere(1.5) })], /^not-measured .*, which cannot tell$/],
  ],
  "ws-fastest": [
    [[...fastest, ...pushed], /^holds$/],
    // As quick as another is still one of the fastest.
    [[...replaced(fastest, echo("sse", around(150))), ...pushed], /^holds$/],
    [replaced(fastest, echo("long-polling", [170, 180, 220])), /^holds$/],
    [replaced(fastest, echo("sse", around(100))), /^does-not-hold$/],
    [replaced(fastest, echoAway("xmpp", 60, 1)), /^does-not-hold$/],
    [[...fastest, ...changed(pushed, 1, { pushP50Us: around(100) })], /^does-not-hold$/],
    [
      replaced(fastest, echo("sse", anywhere(200))),
      /^not-measured the round trip p50 of sse is .* that of websocket, which cannot tell$/,
    ],
    [
      replaced(fastest, echoAway("xmpp", 80, 1, anywhere)),
      /^not-measured the round trip p50 of xmpp, 80 ms away is .*, which cannot tell$/,
    ],
    [
      fastest.filter(({ target }) => target !== "long-polling+close"),
      /^not-measured nobody is clearly faster, but no cell tells a connection that is kept from one for each request$/,
    ],
    [replaced(fastest, echoAway("long-polling+close", 127, 9)), /^does-not-hold$/],
    [
      replaced(fastest, echoAway("long-polling+close", 127, 9, anywhere)),
      /^not-measured nobody is clearly faster, but a new connection for each request takes .*, which cannot tell$/,
    ],
  ],
  "ws-multiplex": [
    [changed(shared, 1, { userDelayP50Us: around(15_000) }), /^holds$/],
    [
      shared,
      /^holds-when a user is new: the first echo takes 0\.333× the round trips; a message afterwards takes 1\.00.× the time, and where it stalls, 8 users wait instead of 1$/,
    ],
    [
      shared.map((made) => ({ ...made, measured: { newUserRoundTrips: made.measured.newUserRoundTrips! } })),
      /^holds-when a user is new: the first echo takes 0\.333× the round trips$/,
    ],
    [changed(shared, 1, { newUserRoundTrips: around(3.02) }), /^does-not-hold$/],
    [changed(shared, 1, { newUserRoundTrips: anywhere(2) }), /^not-measured .*, which cannot tell$/],
  ],
  "ws-any-payload": [
    [[...frames, large], /^holds$/],
    [[...frames, large, loose], /^holds-when the server lets it: .* one that was told 65,536 B refused twice as much$/],
    [[...frames, but(large, { corruptedMessages: [0, 1, 0] })], /^does-not-hold$/],
    [[...frames, but(large, { lostMessages: [0, 1, 0] })], /^does-not-hold$/],
  ],
  "ws-carrier": [
    [[echo("xmpp-websocket", around(650)), echo("xmpp", around(600))], /^holds$/],
    [[but(echo("xmpp-websocket", around(650)), { lostMessages: [0, 2, 0] })], /^does-not-hold$/],
  ],
  "ws-security": [
    [[loose, strict], /^holds$/],
    [[but(loose, { protocolRefusedProbes: [3] }), strict], /^does-not-hold$/],
  ],
  "ws-no-presence": [
    [present, /^holds$/],
    [replaced(present, told("websocket", "nothing built, ", 1)), /^does-not-hold$/],
    [replaced(present, told("xmpp", "", 0)), /^does-not-hold$/],
    [present.slice(1), /^not-measured no cell cut a user off that others wait for/],
  ],
};

describe("the claims about protocols", () => {
  it("have a rule put to the test here each", () => {
    const own = claims.filter(({ about }) => about !== "Horizontal scaling").map(({ id }) => id);
    assert.deepEqual(own.sort(), Object.keys(rules).sort());
  });

  for (const [id, cases] of Object.entries(rules)) {
    it(`${id} is decided by what was measured, and turns with it`, () => {
      for (const [made, says] of cases) {
        const decided = decide(id, made);
        assert.match(sayingOf(decided), says);
        assertInShort(decided);
        assert.equal(decided.evidence.length === 0, decided.verdict === "not-measured");
        for (const { low, value, high } of decided.evidence) assert.ok(low <= value && value <= high);
        assert.ok(decided.flipsAt.length > 0);
        assert.equal(decided.command, `wirebench claims ${id}`);
      }
    });

    it(`${id} takes no number of a cell that must not be believed, nor of another`, () => {
      const [[supporting]] = cases as [readonly [readonly MadeUp[], RegExp]];
      const invalid = supporting.map((made): MadeUp => ({ ...made, verdict: "invalid" }));
      for (const made of [invalid, []]) {
        const { verdict, because, evidence } = decide(id, made);
        assert.deepEqual(evidence, []);
        if (verdict !== "not-a-measurement") assert.ok(verdict === "not-measured" && because);
      }
    });
  }

  it("need no more than what their rules read", () => {
    for (const { id, needs } of claims) {
      assert.ok(needs.length > 0, id);
      for (const { experiment, targets: asked, variants } of needs) {
        assert.notEqual(asked?.length, 0, `${id}: ${experiment}`);
        assert.notEqual(variants?.length, 0, `${id}: ${experiment}`);
      }
    }
  });

  it("name the specification beside what was measured, which decides whatever it says", () => {
    const bringing = targets.map((target) =>
      target.label === "websocket" ? targetOf("websocket", "stream", ["presence"]) : target,
    );
    const [by, against] = [decide("ws-no-presence", present), decide("ws-no-presence", present, bringing)];
    assert.match(by.cause!, /^xmpp specifies presence \(RFC 6121\), websocket does not specify presence \(RFC 6455\)$/);
    assert.match(against.cause!, /websocket specifies presence/);
    assert.equal(against.verdict, by.verdict);
  });

  it("say where they flip, with numbers computed from the results", () => {
    assert.match(decide("http-freshness", pushed).flipsAt, /^a poll every 10 ms or more often, at 10 updates a second/);
    assert.match(
      decide("sse-format", [...frames, ...events]).flipsAt,
      /^payloads up to about 9 B: .* what an event costs; at 64 KiB it costs 1\.33×$/,
    );
    assert.match(decide("ws-fastest", fastest).flipsAt, /; over a round-trip time of 4\.8 ms and more, sse takes less/);
    assert.match(
      decide("ws-security", [loose, strict]).flipsAt,
      /refuses as that of XMPP, so that no application builds a login and true sender names$/,
    );
    const building = [...application("chat", 2, around, ["acknowledgement"]), ...applications(3, 0.3).slice(-2)];
    assert.match(decide("http-fit", building).flipsAt, /^Messaging on long-polling, if build weighs \S+$/);
  });

  it("say beside the verdict what the numbers show of the cause", () => {
    const { cause } = decide("ws-fastest", fastest);
    const [brought, waiting, alone] = cause!.split("; ");
    assert.match(brought!, /^a new connection for each request takes 1\.97× of the time of .*, 80 ms away$/);
    assert.match(
      waiting!,
      /^sse takes 1\.53× and long-polling takes 1\.57× of .* 80 ms away although they keep theirs/,
    );
    assert.match(waiting!, /of the 10 messages .* 8\.7 and 8\.9 share a request, about 1 upload in flight per user$/);
    assert.match(alone!, /^where a user sends one message at a time, sse takes 1\.00.* and long-polling takes 1\.00/);
    const apart = replaced(replaced(fastest, echoAway("sse", 124, 1)), echoAway("long-polling", 127, 1));
    assert.equal(decide("ws-fastest", apart).cause, brought);
    assert.equal(decide("ws-duplex", [duplex]).cause, undefined);
  });

  it("say a number in their sentence as in their evidence, however the trials are spread", () => {
    const { when, evidence } = decide("xmpp-decentralised-slow", [
      but(federated, { federatedP50Ratio: [1.6, 1.7, 2.4] }),
    ]);
    assert.equal(evidence[0]?.value, 1.7);
    assert.match(when!, /takes 1\.70× \(/);
  });

  it("what no measurement decides is a fact with its source, told when it is asked for", () => {
    for (const id of ["xmpp-open", "xmpp-support"]) {
      const { verdict, instead } = decide(id, []);
      assert.equal(verdict, "not-a-measurement");
      assert.equal(instead?.kind, "fact");
      assert.ok(instead.sources.length > 0);
    }
    const told = decideClaims({ cells: [cellOf(federated)], targets });
    assert.deepEqual(
      told.map(({ id }) => id),
      ["xmpp-decentralised-slow"],
    );
  });
});
