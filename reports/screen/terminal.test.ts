import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import {
  type Cell,
  type Flag,
  type MeasuredCell,
  type Results,
  resultsSchema,
} from "../../results/contract/results.ts";
import { butFor, decisiveResults, decisiveVariants } from "../advice/testing.ts";
import { madeUpCell, madeUpResults, resultsOf, sixTargets } from "../testing.ts";
import { widthOf } from "../text/wrap.ts";
import { clusterResultsOf, madeUpClusterResults, madeUpVariant, madeUpVariants } from "../view/testing.ts";
import { viewOf } from "../view/view.ts";
import { unclearOf } from "./failures.ts";
import { plainLook, renderSummary } from "./terminal.ts";

const everything = ["echo", "throughput", "duplex", "idle"];
const sample = resultsSchema.parse(
  JSON.parse(readFileSync(new URL("../sample/results.json", import.meta.url), "utf8")),
);

const linesOf = (results: Results, columns = 80): string[] =>
  renderSummary(results, { ...plainLook, columns }).split("\n");

const lineOf = (results: Results, start: string): string =>
  linesOf(results).find((line) => line.startsWith(start)) ?? "";

/** What a label says, its lines joined. */
function said(results: Results, label: string): string {
  const lines = linesOf(results);
  const first = lines.findIndex((line) => line.startsWith(label));
  if (first < 0) return "";
  const more = lines.slice(first + 1).findIndex((line) => !line.startsWith("    "));
  const own = lines.slice(first, more < 0 ? undefined : first + 1 + more);
  return own.map((line) => line.slice(10).trim()).join(" ");
}

/** The lines of the table with the numbers of targets. */
function tableOf(results: Results, columns = 80): string[] {
  const lines = linesOf(results, columns);
  const first = lines.findIndex((line) => line.startsWith("target"));
  return lines.slice(first, first + 1 + results.targets.length);
}

/** With a share of its windows measured while a process waited for its core. */
function starved(results: Results, share: number): Results {
  const copy = structuredClone(results);
  const windows = copy.cells.flatMap((cell) => (cell as MeasuredCell).trials.flatMap((trial) => trial.windows));
  for (const window of windows.slice(0, Math.round(share * windows.length))) window.measures.cpuWaitShare = 0.98;
  return copy;
}

const flagged = (flag: Flag, results = madeUpResults(sixTargets.slice(0, 2), { scenarios: ["echo"] })): Results => {
  const copy = structuredClone(results);
  const cell = copy.cells[1] as MeasuredCell;
  cell.validity = { ...cell.validity, flags: [flag] };
  return copy;
};

describe("the first screen of a comparison", () => {
  it("takes at most 24 lines of 80 columns for six targets and four experiments", () => {
    const lines = linesOf(madeUpResults(sixTargets, { scenarios: everything }));
    // One more line says where the report is; what a restless machine gives to beware of takes some more.
    assert.ok(lines.length <= 23, `${lines.length} lines:\n${lines.join("\n")}`);
    for (const line of [...lines, ...linesOf(sample)]) assert.ok(widthOf(line) <= 80, line);
  });

  it("has a row per target, the best first, with a bar, the ratio with its interval, and a verdict", () => {
    const [titles, ...rows] = tableOf(madeUpResults(sixTargets, { scenarios: everything }));
    assert.match(titles!, /^target +p50 +× floor sure\? +p99 +max\/s +CPU +KiB$/);
    assert.deepEqual(
      rows.map((row) => row.split(/ {2,}| (?=\d)/)[0]),
      ["TCP", "WebSocket", "SSE", "XMPP", "Long polling", "Short polling"],
    );
    assert.match(rows[0]!, /^TCP +102 µs . +1 – +951 µs ≥60\.0k 10\.0 µs 4\.88$/);
    assert.match(rows[1]!, /^WebSocket +153 µs . +1\.50 \(1\.\d\d–1\.\d\d\) slower/);
    // 52 ms beside 102 µs: a bar of that length would leave the others none.
    assert.match(rows[5]!, /^Short polling +53\.1 ms █+▶ +520 \(/);
  });

  it("keeps within any width: the last columns give way, then names", () => {
    for (const columns of [40, 60, 100, 160]) {
      for (const line of linesOf(sample, columns)) {
        assert.ok(
          widthOf(line) <= columns || !line.trim().includes(" ") || line.startsWith("  settle"),
          `${columns}: ${line}`,
        );
      }
    }
    assert.match(tableOf(sample, 110).join("\n"), /^Short polling every 100 ms /m);
    assert.doesNotMatch(tableOf(sample, 50).join("\n"), /KiB/);
  });

  it("says first whether the machine was quiet, and which numbers suffered if it was not", () => {
    const results = madeUpResults(sixTargets, { scenarios: everything });
    assert.match(linesOf(results)[0]!, /^Machine +quiet: /);
    const busy = linesOf(starved(results, 46 / 90))
      .slice(0, 2)
      .join(" ");
    assert.match(busy, /^Machine +busy: in 46 of 90 windows a process waited for its core \(echo/);
    assert.match(said(starved(results, 46 / 90), "Machine"), /p99 and rates there are worse than on a quiet machine/);
    assert.match(
      said(starved(results, 1 / 90), "Machine"),
      /^quiet: .*in 1 of 90 windows .*, too few to move a median/,
    );
    const unseen = { ...madeUpClusterResults(), environment: { ...results.environment, loadAverage: 9 } };
    assert.doesNotMatch(said(unseen, "Machine"), /no process waited/);
    const before = { ...results, environment: { ...results.environment, loadAverage: 9 } };
    assert.match(said(before, "Machine"), /^busy: load 9\.0 on 8 cores before the run/);
  });

  it("says what is sure as orders, and keeps together what the intervals do not part", () => {
    const results = madeUpResults(sixTargets, { scenarios: everything });
    assert.equal(lineOf(results, "Sure"), "Sure      p50: TCP < WebSocket < SSE < XMPP < Long polling < Short polling");
    assert.match(said(results, "Sure"), /rate: TCP, WebSocket > XMPP > SSE > Long polling > Short polling/);
    const alike = [sixTargets[0]!, { ...sixTargets[1]!, roundTripUs: 101 }, sixTargets[2]!];
    assert.equal(lineOf(madeUpResults(alike), "Sure"), "Sure      p50: TCP = WebSocket < SSE");
  });

  it("says what is not sure, with the command that would settle it", () => {
    const alike = [sixTargets[0]!, { ...sixTargets[1]!, roundTripUs: 105, spread: 0.2 }, sixTargets[2]!];
    const results = madeUpResults(alike, { scenarios: ["echo"] });
    assert.equal(said(results, "Not sure").split(" wirebench")[0], "p50 of WebSocket against TCP; more in the report.");
    assert.match(said(results, "  settle"), /^wirebench run --trials (\d+)$/);
    const wanted = Number(/\d+$/.exec(said(results, "  settle"))![0]);
    assert.ok(wanted > 3 && wanted <= 30, String(wanted));
    const again = { ...results, command: "wirebench run --trials 3 tcp --out=there" };
    assert.match(said(again, "  settle"), /^wirebench run tcp --trials \d+$/);
  });

  it("says that one trial and two trials make nothing sure, and prints no interval", () => {
    const [one, two] = [1, 2].map((trials) => madeUpResults(sixTargets, { trials }));
    assert.match(said(one!, "Sure"), /^Nothing: one trial has no spread/);
    assert.match(said(two!, "Sure"), /^Nothing: 2 trials are too few/);
    assert.doesNotMatch(tableOf(two!).join("\n"), /–\d/);
  });

  it("says what was not measured", () => {
    assert.match(said(sample, "Left out"), /^distance and loss \(one machine\), TLS, browsers/);
    const far = structuredClone(madeUpResults());
    far.targets[0]!.system = { kind: "external", url: "wss://example.org/" };
    assert.doesNotMatch(said(far, "Left out"), /distance|TLS/);
    // Its address does not tell that its connections were encrypted in the course of the login.
    const upgraded = structuredClone(madeUpResults());
    const [trial] = (upgraded.cells[0] as MeasuredCell).trials;
    trial!.observed = { processes: [], tls: ["TLSv1.3 TLS_AES_128_GCM_SHA256"], compression: [] };
    assert.doesNotMatch(said(upgraded, "Left out"), /TLS/);
  });

  it("marks bounds, says what the marks mean, and draws their bars hatched", () => {
    const bound = { ...sixTargets[1]!, verdict: { throughput: "generator-bound" } } as const;
    const results = madeUpResults([sixTargets[0]!, bound], { scenarios: ["throughput"] });
    assert.match(tableOf(results)[1]!, /≥60\.0k ▒+ /);
    assert.match(linesOf(results).join(" "), /≥ ≤: bounds/);
    assert.match(said(results, "Beware"), /^TCP, WebSocket \(throughput\): the load generator was the limit\.$/);
    const bracket = structuredClone(results);
    Object.assign((bracket.cells[0] as MeasuredCell).summary.achievedRatePerSecond!, { upTo: 81_000 });
    assert.match(tableOf(bracket)[1]!, / 60–81k /);
    assert.match(linesOf(bracket).join(" "), /a–b: at least a, at most b/);
  });

  it("puts a target whose trials agree on no middle where they were measured, without a number", () => {
    const results = structuredClone(madeUpResults(sixTargets.slice(0, 3), { scenarios: ["echo"] }));
    const websocket = results.cells[1] as MeasuredCell;
    delete websocket.summary.scheduledP50Us;
    websocket.absences = { scheduledP50Us: { kind: "unsettled", why: "its trials lie too far apart" } };
    const rows = tableOf(results);
    assert.match(rows[2]!, /^WebSocket +varies +1\.50 \(/);
    assert.match(linesOf(results).join(" "), /varies: trials too far apart for a middle/);
    assert.equal(lineOf(results, "Sure"), "Sure      p50: TCP < WebSocket < SSE");
  });

  it("shows defects, drift and whatever else was flagged of numbers it prints", () => {
    const defect = {
      code: "lost",
      severity: "defect",
      cause: "target",
      message: "7 of 1000 messages were lost",
    } as const;
    assert.equal(said(flagged(defect), "Failed"), "WebSocket (echo): 7 of 1000 messages were lost.");
    const drift = { code: "drift", severity: "warning", cause: "wirebench", message: "in 2 of 3 windows …" } as const;
    assert.match(said(flagged(drift), "Beware"), /^WebSocket \(echo\): still changing while it was measured\.$/);
    const unknown = { code: "something-new", severity: "warning", cause: "machine", message: "it\nrained" } as const;
    assert.match(said(flagged(unknown), "Beware"), /^WebSocket \(echo\): it rained\.$/);
  });

  it("gives the reason of every cell without numbers, once for all that share it", () => {
    const [, websocket] = sixTargets;
    const refused = ["throughput", "duplex"].map((scenario): Cell => {
      const { target, protocol, parameters } = madeUpCell(scenario, websocket!);
      return {
        target,
        protocol,
        scenario,
        parameters,
        state: "refused",
        reason: "it fails\na case; it said:\n  noise",
      };
    });
    const results = resultsOf([madeUpCell("echo", { ...websocket!, verdict: { echo: "invalid" } }), ...refused]);
    assert.match(said(results, "Failed"), /WebSocket \(echo\): invalid: 7 of 1000 messages were lost/);
    assert.match(said(results, "Failed"), /WebSocket \(throughput, duplex\): refused: it fails a case/);
    assert.doesNotMatch(linesOf(results).join("\n"), /noise/);
    assert.match(tableOf(results)[1]!, /^WebSocket +invalid/);
    assert.doesNotMatch(linesOf(results).join("\n"), /153 µs/);
  });

  it("explains no column there is no room for, and calls servers of others by names that fit", () => {
    assert.doesNotMatch(linesOf(sample, 50).join(" "), /KiB|CPU: of/);
    const url = "websocket=ws://127.0.0.1:9001/";
    const results = madeUpResults([{ ...sixTargets[1]!, target: url, protocol: "websocket" }, sixTargets[2]!]);
    assert.match(tableOf(results)[0]!, /× websoc…1:9001\/ +sure\?/);
    for (const line of linesOf(results)) assert.ok(widthOf(line) <= 80, line);
  });

  it("says that a run was interrupted or empty, and lists nothing it did not get to", () => {
    const notRun = { ...madeUpCell("echo", sixTargets[0]!), state: "not-run", reason: "the run ended before" } as Cell;
    assert.equal(said({ ...resultsOf([notRun]), interrupted: true }, "Left out").includes("not run"), false);
    assert.match(said(resultsOf([notRun]), "Left out"), /^TCP \(echo\): not run/);
    assert.match(linesOf({ ...madeUpResults(), interrupted: true })[0]!, /^Interrupted: /);
    assert.match(renderSummary(resultsOf([])), /^Nothing was run/);
    assert.doesNotMatch(renderSummary(madeUpResults(sixTargets.slice(0, 1))), /×/);
  });

  it("paints verdicts and labels without moving anything", () => {
    const seen = new Set<string>();
    const painted = renderSummary(sample, {
      columns: 80,
      paint: (tone, text) => {
        seen.add(tone);
        return `\u001b[1m${text}\u001b[0m`;
      },
    });
    assert.deepEqual([...seen].sort(), ["bad", "doubt", "quiet", "strong"]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the colours.
    const plain = painted.replace(/\u001b\[\dm/g, "").split("\n");
    assert.deepEqual(
      plain.map((line) => line.trimEnd()),
      linesOf(sample).map((line) => line.trimEnd()),
    );
  });
});

const further = (name: string) => ({ name, title: name, command: `wirebench cluster --experiment ${name}` });

describe("the first screen of a cluster", () => {
  it("takes at most 24 lines of 80 columns, with one for the place of the report", () => {
    const results = { ...decisiveResults(), leftOut: [further("failover"), further("rolling-deploy")] };
    const lines = linesOf(results);
    assert.ok(lines.length <= 23, `${lines.length} lines:\n${lines.join("\n")}`);
    for (const line of lines) assert.ok(widthOf(line) <= 80, line);
    assert.match(said(results, "Policy"), /^leastconn\+cookie brings 100 %/);
    assert.match(said(results, "Broker"), /^needed: .* Misses tolerable: Redis, NATS\./);
    assert.match(said(results, "Rules"), /^Readiness must not .* full jitter.* To empty a node/);
    assert.match(said(results, "Left out"), /^failover, 1 more \(not in quick\): wirebench cluster --experiment NAME;/);
  });

  it("keeps to it when something failed: what decides less gives way, and says so", () => {
    const results = decisiveResults(butFor("stickiness", "leastconn+cookie", { rejoinFoundFraction: 0.9 }));
    const lines = linesOf(results);
    assert.ok(lines.length <= 23, `${lines.length} lines:\n${lines.join("\n")}`);
    assert.match(lines[1]!, /^Failed +stickiness: found on coming back: leastconn\+cookie 90\.0 %; expected/);
    assert.match(lines.join("\n"), /^Rules +3, in the report\.$/m);
  });

  it("has a row per broker, with losses, delays and recovery", () => {
    const lines = linesOf(decisiveResults());
    const first = lines.findIndex((line) => line.startsWith("broker"));
    assert.match(lines[first]!, /^broker +lost +missed +last user +restart +back +fsync +copies$/);
    assert.match(lines[first + 1]!, /^Redis +0 +98\.0 %, told +3\.00 ms +40\.0 ms +260 ms +never +1\/1$/);
    // After all that protect less.
    assert.match(lines[first + 3]!, /^Redis Streams +0 +0 +4\.00 ms .* kernel +1\/1$/);
    const bounds = linesOf(decisiveResults(decisiveVariants.filter(({ scenario }) => scenario !== "broadcast")));
    assert.match(bounds.join("\n"), /^Redis +0 +98\.0 %, told +≤9\.00 ms/m);
  });

  it("names what did not hold first, each with what was expected and whose doing it is", () => {
    const results = madeUpClusterResults();
    assert.match(linesOf(results)[1]!, /^Failed/);
    assert.match(
      said(results, "Failed"),
      /comes back: silent losses: NATS 30 \(24–36\); expected 0\. Cause: the system under test\./,
    );
    const blamed = structuredClone(results);
    for (const cell of blamed.cells) {
      if (cell.state !== "measured" || cell.scenario !== "broker-kill") continue;
      cell.summary.missingDueToBrokerDeliveries = { value: 28, low: 28, high: 28 };
      cell.summary.missingDueToNodeDeliveries = { value: 2, low: 2, high: 2 };
    }
    assert.match(said(blamed, "Failed"), /expected 0\. Cause: the broker \(28\), a node \(2\)\./);
    for (const cell of blamed.cells) {
      if (cell.state !== "measured") continue;
      for (const prediction of cell.predictions.filter(({ verdict }) => verdict === "failed")) {
        Object.assign(prediction, { verdict: "cannot-tell", because: "the machine was busy" });
      }
    }
    assert.doesNotMatch(said(blamed, "Failed"), /comes back: silent losses/);
    assert.match(said(blamed, "Unclear"), /in the report|machine was busy/);
    assert.match(unclearOf(viewOf(blamed)).join(" "), /comes back, NATS: silent losses: the machine was busy\./);
  });

  it("says what was not measured, why, and with which command", () => {
    const results = madeUpClusterResults();
    assert.match(said(results, "Left out"), /Kafka \(broker-kill\): not run: Kafka was not found/);
    assert.match(
      said(decisiveResults(decisiveVariants.filter(({ scenario }) => scenario === "broadcast")), "Left out"),
      /^policy, .*readiness.*: wirebench cluster --experiment stickiness .*--experiment taking-out; distance/i,
    );
  });

  it("folds the predictions that held into a number", () => {
    assert.match(said(madeUpClusterResults(), "Run"), /16 of 18 predictions held, 2 did not hold/);
  });

  it("prints nothing of an invalid cell but why", () => {
    const flags = [{ code: "late", severity: "fatal", cause: "wirebench", message: "the users\nstood still" }] as const;
    const invalid = madeUpVariant({ ...madeUpVariants[0]!, verdict: "invalid", flags: [...flags] });
    const text = renderSummary(clusterResultsOf([invalid]));
    assert.match(text, /round-robin \(stickiness\): invalid: the users stood still/);
    assert.doesNotMatch(text, /38\.5/);
  });
});
