import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../protocol/random.ts";
import { type Criterion, criteria, type Weights } from "../contract/profile.ts";
import { type DecisionOption, decideBetween, flipsOf } from "./decision.ts";

const even: Weights = { delay: 1, tail: 1, bytes: 1, cpu: 1, memory: 1, build: 1 };
const only = (...names: readonly Criterion[]): Weights =>
  Object.fromEntries(criteria.map((name) => [name, names.includes(name) ? 1 : 0])) as Weights;

function option(
  name: string,
  costs: Partial<Record<Criterion, number>>,
  { reach = 1, standing = {} }: { reach?: number; standing?: DecisionOption["standing"] } = {},
): DecisionOption {
  const intervals = Object.entries(costs).map(([criterion, value]) => [
    criterion,
    { value, low: value / reach, high: value * reach },
  ]);
  return { name, costs: Object.fromEntries(intervals), standing };
}

const order = (options: readonly DecisionOption[], weights: Weights): string[] =>
  decideBetween(options, weights).ranked.map(({ option: { name } }) => name);

test("a score is the weighted geometric mean of the costs over that of the first", () => {
  const options = [option("slow", { delay: 40, bytes: 100 }), option("quick", { delay: 10, bytes: 100 })];
  const { ranked } = decideBetween(options, { ...only("delay", "bytes"), delay: 3 });
  assert.deepEqual(
    ranked.map(({ option: { name }, score }) => [name, Number(score.value.toFixed(9))]),
    [
      ["quick", 1],
      ["slow", Number((4 ** 0.75).toFixed(9))],
    ],
  );
});

test("doubling a cost never improves a rank", () => {
  const random = seededRandom(7);
  for (let round = 0; round < 500; round++) {
    const weights = Object.fromEntries(criteria.map((name) => [name, Math.floor(random() * 4)])) as Weights;
    const options = ["a", "b", "c", "d"].map((name) =>
      option(name, Object.fromEntries(criteria.map((criterion) => [criterion, 1 + Math.floor(random() * 50)]))),
    );
    const dearer = criteria[Math.floor(random() * criteria.length)]!;
    const changed = options.map((one) => {
      if (one.name !== "b") return one;
      const { value } = one.costs[dearer]!;
      return { ...one, costs: { ...one.costs, [dearer]: { value: 2 * value, low: 2 * value, high: 2 * value } } };
    });
    const before = order(options, weights).indexOf("b");
    const after = order(changed, weights).indexOf("b");
    assert.ok(after >= before, `round ${round}: ${dearer} doubled, from place ${before} to ${after}`);
  }
});

test("which is first cannot be told where intervals overlap, and can where they do not", () => {
  const near = (reach: number) =>
    decideBetween([option("a", { delay: 10 }, { reach }), option("b", { delay: 11 }, { reach })], only("delay"));
  assert.deepEqual(
    near(1.2).ranked.map(({ isFirst }) => isFirst),
    [true, true],
  );
  assert.deepEqual(
    near(1.01).ranked.map(({ isFirst }) => isFirst),
    [true, false],
  );
});

test("an option without a cost that others have is not ranked, and a cost that nobody has decides nothing", () => {
  const options = [option("a", { delay: 10, bytes: 5 }), option("b", { delay: 5 })];
  const { ranked, unranked, unknown } = decideBetween(options, even);
  assert.deepEqual(
    ranked.map(({ option: { name } }) => name),
    ["a"],
  );
  assert.deepEqual(
    unranked.map(({ option: { name }, lacks }) => [name, lacks]),
    [["b", ["bytes"]]],
  );
  assert.deepEqual(unknown, ["tail", "cpu", "memory", "build"]);
});

test("a weight that flips the first place does so, and just short of it does not", () => {
  const options = [option("quick", { delay: 10, bytes: 400 }), option("lean", { delay: 40, bytes: 200 })];
  const weights = only("delay", "bytes");
  const flips = flipsOf(options, weights);
  const bytes = flips.find((flip) => flip.kind === "weight" && flip.criterion === "bytes")!;
  // Four times the delay outweighs twice the bytes until bytes count twice.
  assert.equal(bytes.to, "lean");
  assert.ok(Math.abs(bytes.at - 2) < 1e-9, `${bytes.at}`);
  assert.equal(order(options, { ...weights, bytes: bytes.at - 0.01 })[0], "quick");
  assert.equal(order(options, { ...weights, bytes: bytes.at + 0.01 })[0], "lean");
});

test("every flip of a weight holds in options drawn at random", () => {
  const random = seededRandom(11);
  let seen = 0;
  for (let round = 0; round < 200; round++) {
    const options = ["a", "b", "c"].map((name) =>
      option(name, Object.fromEntries(criteria.map((criterion) => [criterion, 1 + random() * 50]))),
    );
    const [first] = order(options, even);
    for (const flip of flipsOf(options, even)) {
      if (flip.kind !== "weight") continue;
      seen++;
      const away = flip.at > even[flip.criterion] ? 1e-6 : -1e-6;
      const at = (weight: number): string => order(options, { ...even, [flip.criterion]: Math.max(0, weight) })[0]!;
      assert.equal(at(flip.at - away), first);
      if (flip.at + away >= 0) assert.equal(at(flip.at + away), flip.to);
    }
  }
  assert.ok(seen > 50, "so many that the test means something");
});

test("a rate that flips the first place is where standing costs and messages weigh the same", () => {
  // 90 + 10 f against 10 + 110 f: equal at f = 0.8.
  const options = [
    option("standing", { bytes: 100 }, { standing: { bytes: 90 } }),
    option("talking", { bytes: 120 }, { standing: { bytes: 10 } }),
  ];
  const flips = flipsOf(options, only("bytes"));
  const [rate] = flips.filter(({ kind }) => kind === "rate");
  assert.equal(rate!.to, "talking");
  assert.ok(Math.abs(rate!.at - 0.8) < 0.02, `${rate!.at}`);
});

test("nothing flips where one is better in everything", () => {
  assert.deepEqual(flipsOf([option("a", { delay: 1, bytes: 1 }), option("b", { delay: 2, bytes: 2 })], even), []);
});
