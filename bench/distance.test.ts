/** Servers that are far away, slow to start, lossy or overloaded: each is told from the others. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, type TestContext, test } from "node:test";
import { defaultLimits, type Payload } from "../protocol/contract.ts";
import { encodeFrame, FrameParser } from "../protocol/wires/frame.ts";
import type { MeasuredCell } from "../results/contract/results.ts";
import { flowsOf } from "../results/recording/flows.ts";
import { decodeHistogram } from "../results/statistics/histogram.ts";
import { RunningCli, temporaryFolder } from "./running-cli.ts";
import { unlessDisturbed } from "./undisturbed.ts";

/** A server of the raw TCP wire that does to each message what `answer` says. */
async function serverThat(t: TestContext, answer: (echo: () => void) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const parser = new FrameParser(defaultLimits.payloadBytesMax, {
      message: (payload: Payload) => answer(() => void (socket.writable && socket.write(encodeFrame(payload)))),
      refusal() {},
      malformed() {},
    });
    socket.setNoDelay(true);
    socket.on("data", (chunk) => parser.push(chunk)).on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `tcp=tcp://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

interface Measured {
  readonly cell: MeasuredCell;
  /** In the middle. */
  readonly numberOf: (metric: string) => number;
  readonly codes: readonly string[];
}

type Scenario = "echo" | "throughput";

const connections = 4;
const inFlight = 8;

async function measure(
  saw: Parameters<Parameters<typeof unlessDisturbed>[1]>[0],
  target: string,
  scenarios: readonly Scenario[],
  ratePerSecond = 200,
  more: readonly string[] = [],
): Promise<{ exitCode: number | null; measured: readonly Measured[] }> {
  using folder = temporaryFolder();
  const experiments = scenarios.flatMap((name) => ["--scenario", name]);
  const load = scenarios.flatMap((name) =>
    name === "echo" ? ["--rate", String(ratePerSecond)] : ["--in-flight", String(inFlight)],
  );
  const brief = ["--trials", "1", "--duration", "600ms", "--warmup", "50ms", "--connections", String(connections)];
  const cli = new RunningCli(["run", target, ...experiments, ...load, ...brief, ...more, "--out", folder.path]);
  const exitCode = await cli.exitCode();
  const results = folder.results();
  saw(results);
  const measured = results.cells.map((cell): Measured => {
    assert.ok(cell.state === "measured", `${cell.state}: ${cli.stderr}`);
    return {
      cell,
      numberOf: (metric) => cell.summary[metric]?.value ?? Number.NaN,
      codes: cell.validity.flags.filter(({ severity }) => severity !== "warning").map(({ code }) => code),
    };
  });
  assert.equal(measured.length, scenarios.length);
  return { exitCode, measured };
}

const tellsDistance = (delayMs: number) => (t: TestContext) =>
  unlessDisturbed(t, async (saw) => {
    const target = await serverThat(t, (echo) => setTimeout(echo, delayMs));
    const { exitCode, measured } = await measure(saw, target, ["echo", "throughput"]);
    const [echo, closed] = measured as [Measured, Measured];
    assert.equal(exitCode, 0);
    assert.deepEqual([echo.cell.validity.verdict, echo.codes], ["valid", []]);
    const p50Ms = echo.numberOf("scheduledP50Us") / 1000;
    assert.ok(p50Ms > 0.95 * delayMs && p50Ms < 3 * delayMs + 200, `p50 ${p50Ms} ms`);
    assert.ok(Math.abs(echo.numberOf("achievedRatePerSecond") / 200 - 1) < 0.02, "all that was offered was carried");
    assert.deepEqual([closed.cell.validity.verdict, closed.codes], ["valid", []]);
    // Little's law, and a delay that is not far from the one imposed.
    const { service } = flowsOf(closed.cell.trials[0]!.windows[0]!)[0]!.histograms;
    const meanMs = decodeHistogram(service!).mean / 1e6;
    const rate = closed.numberOf("achievedRatePerSecond");
    assert.ok(meanMs > 0.95 * delayMs && meanMs < 3 * delayMs + 200, `mean ${meanMs} ms`);
    assert.ok(Math.abs((rate * meanMs) / 1000 / (connections * inFlight) - 1) < 0.5, `${rate}/s at ${meanMs} ms`);
  });

const away = (delayMs: number): string => `a server ${delayMs} ms away is neither overloaded nor idle, in either loop`;

test(away(5), tellsDistance(5));

test("a server that takes long for its first answers is measured as it is then", (t) =>
  unlessDisturbed(t, async (saw) => {
    let answers = 0;
    // Conformance and rehearsals have their share of them; what is left falls into the warm-up.
    const target = await serverThat(t, (echo) => (++answers % 1500 < 20 ? setTimeout(echo, 400) : echo()));
    const { exitCode, measured } = await measure(saw, target, ["echo"]);
    assert.equal(exitCode, 0);
    assert.ok(measured[0]!.numberOf("scheduledP50Us") < 200_000);
  }));

test("a server that cannot take what is offered is invalid: its backlog grows", (t) =>
  unlessDisturbed(t, async (saw) => {
    const queue: (() => void)[] = [];
    // 500 messages a second, whatever comes.
    const worker = setInterval(() => {
      for (const echo of queue.splice(0, 5)) echo();
    }, 10);
    t.after(() => clearInterval(worker));
    const target = await serverThat(t, (echo) => void queue.push(echo));
    const { exitCode, measured } = await measure(saw, target, ["echo"], 2500);
    const { cell, codes } = measured[0]!;
    assert.equal(cell.validity.verdict, "invalid");
    assert.ok(codes.includes("offered-rate-not-achieved"), codes.join());
    assert.equal(exitCode, 4);
  }));

test("a server that loses one message in a hundred has a p50 and p90, and no longest delay", (t) =>
  unlessDisturbed(t, async (saw) => {
    let messages = 0;
    const target = await serverThat(t, (echo) => {
      if (++messages < 1500 || messages % 100 !== 0) echo();
    });
    const { exitCode, measured } = await measure(saw, target, ["echo"], 4000);
    const { cell, numberOf, codes } = measured[0]!;
    assert.deepEqual([exitCode, cell.validity.verdict], [0, "valid"]);
    assert.ok(codes.every((code) => code === "lost-messages" || code === "censored-messages") && codes.length > 0);
    assert.ok(numberOf("scheduledP50Us") > 0 && numberOf("scheduledP90Us") > 0);
    assert.equal(cell.absences?.scheduledMaxUs?.kind, "never");
  }));

// Hardly anything is done there but wait.
describe("far away", { concurrency: 2 }, () => {
  for (const delayMs of [150, 500]) test(away(delayMs), tellsDistance(delayMs));

  test("a connection over an emulated link that waits for nothing has no time of its own", (t) =>
    unlessDisturbed(t, async (saw) => {
      const { measured } = await measure(saw, "tcp", ["echo"], 50, ["--link", "rtt=120ms"]);
      const [{ cell }] = measured as [Measured];
      assert.ok(cell.summary.roundTripP50Us!.value > 119_000);
      // The relay accepts at once; the link's round trip is on the first message then, where nobody times it.
      assert.deepEqual([cell.summary.connectP50Us, cell.trials[0]!.histograms.connect], [undefined, undefined]);
    }));

  for (const target of ["websocket", "long-polling+tls"]) {
    test(`${target} over an emulated link of 120 ms is as far away as that, in both loops, and its connection too`, (t) =>
      unlessDisturbed(t, async (saw) => {
        const { exitCode, measured } = await measure(saw, target, ["echo", "throughput"], 50, [
          "--link",
          "rtt=120ms,jitter=5ms",
        ]);
        assert.equal(exitCode, 0);
        const [echo, closed] = measured as [Measured, Measured];
        for (const { cell, codes } of measured) assert.deepEqual([cell.validity.verdict, codes], ["valid", []]);
        assert.deepEqual(echo.cell.parameters.link, { rttMs: 120, jitterMs: 5 });
        // Both ways at their shortest; TCP and what comes on top of it, each a round trip.
        const shortestMs = 120 - 2 * 5;
        assert.ok(echo.numberOf("roundTripP50Us") / 1000 > shortestMs, String(echo.numberOf("roundTripP50Us")));
        const { histograms } = echo.cell.trials[0]!;
        const quickestMs = decodeHistogram(histograms.connect!).getValueAtPercentile(0) / 1e6;
        assert.ok(quickestMs > 120 + shortestMs, `${quickestMs} ms`);
        // Little's law.
        assert.ok(closed.numberOf("achievedRatePerSecond") <= (connections * inFlight * 1000) / shortestMs);
        for (const way of ["linkUp", "linkDown"]) {
          const meanMs = decodeHistogram(histograms[way]!).mean / 1e6;
          assert.ok(meanMs > 60 - 5, `${way} ${meanMs} ms`);
        }
      }));
  }
});
