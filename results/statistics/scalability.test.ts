/** Simulations with known truth and fixed seeds: whether the intervals cover as often as they claim. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fitScalability, scaledThroughput, scalingCaution } from "./scalability.ts";
import { normal, seededUniform } from "./testing.ts";

interface Law {
  readonly lambda: number;
  readonly sigma: number;
  readonly kappa: number;
}

const throughput = ({ lambda, sigma, kappa }: Law, nodes: number): number =>
  (lambda * nodes) / (1 + sigma * (nodes - 1) + kappa * nodes * (nodes - 1));

const pointsOf = (throughputs: readonly number[], counts: readonly number[] = [1, 2, 4, 8]) =>
  throughputs.map((deliveriesPerSecond, index) => ({ nodes: counts[index]!, deliveriesPerSecond }));

function drawPoints(law: Law, trials: number, noise: number, uniform: () => number) {
  return [1, 2, 4, 8].flatMap((nodes) =>
    Array.from({ length: trials }, () => ({
      nodes,
      deliveriesPerSecond: throughput(law, nodes) * Math.exp(noise * normal(uniform)),
    })),
  );
}

function fitted(points: Parameters<typeof fitScalability>[0]) {
  const result = fitScalability(points);
  if (!("fit" in result)) throw new assert.AssertionError({ message: result.reason });
  return result.fit;
}

const near = (actual: number, expected: number, tolerance = 1e-7): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)), `${actual}, not ${expected}`);

const laws: readonly Law[] = [
  { lambda: 10_000, sigma: 0.08, kappa: 0.003 },
  { lambda: 42, sigma: 0.02, kappa: 0.02 },
  { lambda: 1e6, sigma: 0.3, kappa: 0 },
  { lambda: 5000, sigma: 0, kappa: 0.01 },
  { lambda: 5000, sigma: 0, kappa: 0 },
  { lambda: 100, sigma: 0.7, kappa: 0.0001 },
];

describe("the fit of the Universal Scalability Law", () => {
  for (const law of laws) {
    it(`recovers λ ${law.lambda}, σ ${law.sigma} and κ ${law.kappa} from exact data`, () => {
      const fit = fitted(pointsOf([1, 2, 4, 8].map((nodes) => throughput(law, nodes))));
      near(fit.perNodePerSecond.value, law.lambda);
      near(fit.contention.value, law.sigma);
      near(fit.coherency.value, law.kappa);
      near(fit.contention.low, law.sigma, 1e-5);
      near(fit.contention.high, law.sigma, 1e-5);
      assert.ok(fit.worstResidualShare < 1e-7);
      for (const nodes of [1, 3, 16]) near(scaledThroughput(fit, nodes) / throughput(law, nodes), 1, 1e-5);
    });
  }

  it("names the node count of the highest throughput", () => {
    const law = { lambda: 1000, sigma: 0.05, kappa: 0.002 };
    const { peakNodes } = fitted(pointsOf([1, 2, 4, 8].map((nodes) => throughput(law, nodes))));
    near(peakNodes!, Math.sqrt(0.95 / 0.002), 1e-4);
    assert.ok(throughput(law, peakNodes!) > throughput(law, peakNodes! * 1.1));
  });

  it("finds no better parameters nearby than those it gives", () => {
    const points = drawPoints(laws[0]!, 3, 0.05, seededUniform(4));
    const { perNodePerSecond, contention, coherency } = fitted(points);
    const squares = (law: Law): number =>
      points.reduce(
        (sum, { nodes, deliveriesPerSecond }) => sum + Math.log(deliveriesPerSecond / throughput(law, nodes)) ** 2,
        0,
      );
    const best = { lambda: perNodePerSecond.value, sigma: contention.value, kappa: coherency.value };
    for (const factor of [0.99, 1.01]) {
      for (const name of ["lambda", "sigma", "kappa"] as const) {
        assert.ok(squares({ ...best, [name]: best[name] * factor }) > squares(best), name);
      }
    }
  });

  for (const [trials, rounds] of [
    [1, 200],
    [3, 200],
  ] as const) {
    for (const law of laws.slice(0, 3)) {
      it(`holds the truth in 95 of 100 runs: ${trials * 4} points, σ ${law.sigma}, κ ${law.kappa}`, () => {
        const uniform = seededUniform(trials * 100 + law.lambda);
        const covered = { perNodePerSecond: 0, contention: 0, coherency: 0 };
        const truth = { perNodePerSecond: law.lambda, contention: law.sigma, coherency: law.kappa };
        for (let round = 0; round < rounds; round++) {
          const fit = fitted(drawPoints(law, trials, 0.007 * trials, uniform));
          for (const name of ["perNodePerSecond", "contention", "coherency"] as const) {
            assert.ok(Number.isFinite(fit[name].low) && Number.isFinite(fit[name].high));
            assert.ok(fit[name].low <= fit[name].value && fit[name].value <= fit[name].high);
            if (fit[name].low <= truth[name] && truth[name] <= fit[name].high) covered[name]++;
          }
        }
        const slack = 3 * Math.sqrt((0.95 * 0.05) / rounds);
        for (const [name, count] of Object.entries(covered)) {
          assert.ok(count / rounds >= 0.95 - slack, `${name}: ${count / rounds}`);
        }
        // At a bound of the parameters an interval may cover more often; inside it must not be wide for nothing.
        if (law.sigma > 0 && law.kappa > 0) assert.ok(covered.perNodePerSecond / rounds <= 0.95 + slack);
      });
    }
  }

  it("has narrower intervals the more trials there are", () => {
    const width = (trials: number): number => {
      const { contention } = fitted(drawPoints(laws[0]!, trials, 0.02, seededUniform(8)));
      return contention.high - contention.low;
    };
    assert.ok(width(1) > 2 * width(3));
    assert.ok(width(3) > width(30));
  });

  it("fits where nobody measured one node alone", () => {
    const counts = [2, 3, 4, 6, 8];
    const fit = fitted(
      pointsOf(
        counts.map((nodes) => throughput(laws[0]!, nodes)),
        counts,
      ),
    );
    near(fit.perNodePerSecond.value, laws[0]!.lambda, 1e-4);
  });
});

describe("a fit that would mean nothing", () => {
  const refused: [string, ReturnType<typeof pointsOf>, RegExp][] = [
    ["no point", [], /^0 points are too few/],
    ["one point", pointsOf([1000]), /^1 point is too few: the law has 3 parameters, so at least 4 are needed$/],
    ["three points", pointsOf([1000, 1900, 3000]), /^3 points are too few/],
    [
      "many trials of two node counts",
      pointsOf([1000, 1010, 1900, 1910, 1905], [1, 1, 2, 2, 2]),
      /^2 node counts are too few/,
    ],
    [
      "constant data",
      pointsOf([1000, 1000, 1000, 1000]),
      /^more nodes delivered hardly more than 1 node, so there is no sc/,
    ],
    ["decreasing data", pointsOf([1000, 900, 700, 400]), /^more nodes delivered hardly more than 1 node/],
    ["a tiny gain by chance", pointsOf([1000, 1004, 998, 997]), /^more nodes delivered hardly more than 1 node/],
    ["a node count that delivered nothing", pointsOf([1000, 0, 3000, 5000]), /^nothing was delivered with 2 nodes$/],
    [
      "growth beyond the number of nodes",
      pointsOf([1000, 3000, 9000, 27_000]),
      /^throughput grows faster than the number of nodes, which the law does not know: with \d nodes? it is \d+ % /,
    ],
    ["points that tell nothing", pointsOf([1000, 2400, 3000, 7000]), /^the points vary too much: any contention/],
    ["a shape that is none", pointsOf([1000, 4000, 900, 9000]), /^(throughput|the law does not)/],
    [
      "a hole in the middle",
      pointsOf([1000, 1900, 600, 4500]),
      /^the law does not describe these points: with [48] nodes/,
    ],
  ];
  for (const [name, points, reason] of refused) {
    it(`is refused with a reason: ${name}`, () => {
      const result = fitScalability(points);
      assert.ok("reason" in result, JSON.stringify(result));
      assert.match(result.reason, reason);
    });
  }

  it("is told apart from one whose intervals are merely wide", () => {
    assert.match(
      scalingCaution(pointsOf([1, 2, 3, 4]))!,
      /^4 points and 3 parameters leave 1 degree of freedom.* 12\.7 /,
    );
    assert.equal(scalingCaution(drawPoints(laws[0]!, 3, 0.02, seededUniform(1))), undefined);
    assert.equal(scalingCaution(pointsOf([1])), undefined);
  });
});
