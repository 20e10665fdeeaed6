import assert from "node:assert/strict";
import { test } from "node:test";
import { parseProfile, parseUserRate } from "./profile-file.ts";
import { readProfile, shippedNames } from "./shipped.ts";
import { defaultWeights, parseWeights } from "./weights.ts";

const right = [
  "title: Mine", // 1
  "users: 10k", // 2
  "up:", // 3
  "  rate: 2/min", // 4
  "  sizes: {120B: 70%, 1KiB: 30%}", // 5
  "down:", // 6
  "  rate: 0.5/s", // 7
  "  sizes:", // 8
  "    200B: 100%", // 9
  "fanOut: 20", // 10
  "session: 30m", // 11
  "idle: 80%", // 12
  "feels: down", // 13
  "needs: [login]", // 14
  "link: 4g", // 15
  "tls: true", // 16
  "weights: {delay: 3}", // 17
];

/** With the line of that number replaced. */
const wrong = (line: number, text: string) => () => parseProfile(right.with(line - 1, text).join("\n"), "mine.yaml");
const usage = (message: RegExp) => ({ code: "usage", message });

test("reads an application in the units of the command line", () => {
  const { profile, link, tls } = parseProfile(right.join("\n"), "mine.yaml");
  assert.deepEqual(profile, {
    title: "Mine",
    users: 10_000,
    up: {
      perUserSecond: 2 / 60,
      sizes: [
        { bytes: 120, share: 0.7 },
        { bytes: 1024, share: 0.3 },
      ],
    },
    down: { perUserSecond: 0.5, sizes: [{ bytes: 200, share: 1 }] },
    fanOut: 20,
    sessionMs: 1_800_000,
    idleShare: 0.8,
    feels: "down",
    needs: ["login"],
    weights: { ...defaultWeights, delay: 3 },
  });
  assert.equal(link?.name, "4g");
  assert.equal(tls, true);
});

test("reads JSON, which is YAML too, and names its lines", () => {
  const json = { title: "J", users: 5, down: { rate: "1/s", sizes: { "64B": "100%" } }, session: "1m", feels: "down" };
  assert.equal(parseProfile(JSON.stringify(json), "mine.json").profile.users, 5);
  const text = JSON.stringify({ ...json, session: "long" }, null, 2);
  const line = text.split("\n").findIndex((one) => one.includes("session")) + 1;
  assert.throws(
    () => parseProfile(text, "mine.json"),
    usage(new RegExp(`^mine\\.json, line ${line}, session: .*"long"`)),
  );
});

test("a wrong field is named with its line, what was given and what was expected", () => {
  const cases: readonly (readonly [number, string, RegExp])[] = [
    [2, "users: many", /^mine\.yaml, line 2, users: expected a whole number of at least 1, got "many"$/],
    [4, "  rate: fast", /^mine\.yaml, line 4, up\.rate: expected messages of one user, e\.g\. 2\/min.*got "fast"$/],
    [5, "  sizes: {12B: 100%}", /^mine\.yaml, line 5, up\.sizes\.12B: expected a payload from 40B .*got "12B"$/],
    [5, "  sizes: {120B: 70%}", /^mine\.yaml, line 5, up\.sizes: expected shares that add up to 100%, got 70%$/],
    [5, "  sizes: 120B", /^mine\.yaml, line 5, up\.sizes: expected a map of sizes to shares.*got "120B"$/],
    [
      9,
      "    200B: all",
      /^mine\.yaml, line 9, down\.sizes\.200B: expected a percentage above 0, e\.g\. 5%, got "all"$/,
    ],
    [10, "fanOut: 20k", /^mine\.yaml, line 10, fanOut: expected at most all 10000 users, got 20000$/],
    [12, "idle: 100%", /^mine\.yaml, line 12, idle: expected less than 100%.*got "100%"$/],
    [13, "feels: sideways", /^mine\.yaml, line 13, feels: unknown direction "sideways": expected one of up, down$/],
    [14, "needs: [login, luck]", /^mine\.yaml, line 14, needs\.1: unknown need "luck": expected one of login/],
    [15, "link: 5g", /^mine\.yaml, line 15, link: unknown link "5g"/],
    [16, "tls: maybe", /^mine\.yaml, line 16, tls: expected boolean, got "maybe"$/],
    [17, "weights: {speed: 3}", /^mine\.yaml, line 17, weights\.speed: unknown weight "speed": expected one of delay/],
    [
      17,
      "weights: {delay: -1}",
      /^mine\.yaml, line 17, weights\.delay: expected a weight of delay from 0 to 100, got "-1"$/,
    ],
    [12, "idel: 80%", /^mine\.yaml, line 12, idel: unknown field: did you mean "idle"\? expected one of title, users/],
    [4, "  speed: 2/min", /^mine\.yaml, line 4, up\.speed: unknown field: expected one of rate, sizes$/],
    [11, "session: [", /^mine\.yaml, line \d+: expected YAML, got /],
    [1, "users: 7", /^mine\.yaml, line \d: expected YAML, got Map keys must be unique/],
  ];
  for (const [line, text, message] of cases) assert.throws(wrong(line, text), usage(message), text);
});

test("what is missing is named too, and an empty file is no profile", () => {
  assert.throws(wrong(1, ""), usage(/^mine\.yaml, line 1, title: expected a title, got nothing$/));
  assert.throws(() => parseProfile("", "mine.yaml"), usage(/^mine\.yaml, line 1: expected the fields of a profile/));
  assert.throws(() => parseProfile("- a\n- b", "mine.yaml"), usage(/expected the fields of a profile/));
});

test("the direction that is felt must be one in which something is sent", () => {
  const silent = right.toSpliced(5, 4).join("\n");
  assert.throws(
    () => parseProfile(silent, "mine.yaml"),
    usage(/line 9, feels: expected a direction in which something is sent, got "down"/),
  );
});

test("a rate is one user's, per second, minute or hour", () => {
  assert.deepEqual(["2/min", "0.5/s", "36/h"].map(parseUserRate), [2 / 60, 0.5, 0.01]);
  assert.throws(() => parseUserRate("0/s"), usage(/got "0\/s"/));
});

test("eight profiles ship, and each can be read", () => {
  assert.deepEqual(shippedNames(), ["chat", "editor", "email", "feed", "game", "market", "scores", "search"]);
  for (const name of shippedNames()) assert.ok(readProfile(name).profile.users > 0, name);
});

test("a profile that is not there is refused with those that are", () => {
  assert.throws(
    () => readProfile("chatt"),
    usage(/unknown profile "chatt": did you mean "chat"\? expected one of chat, editor/),
  );
  assert.throws(() => readProfile("./not-there.yaml"), usage(/cannot read the profile \.\/not-there\.yaml/));
});

test("weights are read by name, those that are not given stay", () => {
  assert.deepEqual(parseWeights("delay=3,bytes=0.5"), { delay: 3, bytes: 0.5 });
  assert.throws(() => parseWeights("delay"), usage(/expected weights like delay=3,bytes=1 .*got "delay"/));
  assert.throws(() => parseWeights("speed=1"), usage(/unknown weight "speed"/));
});
