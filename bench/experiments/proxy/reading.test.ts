import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ExtendedConnect } from "../../../clients/http/extended-connect.ts";
import { wayFindingsOf } from "../../../results/recording/way-findings.ts";
import { nginxProxy } from "../../../servers/proxies/nginx.ts";
import type { WayReport } from "../../rigs/roles/ways.ts";
import { fewestSettings, subsetsOf } from "./needs.ts";
import { readWays } from "./reading.ts";

const refused: WayReport = { eventMs: [], reason: "426" };
const cut: WayReport = { eventMs: [2], silence: { cutAfterMs: 1200, reason: "ended" }, heartbeat: true };
const kept: WayReport = { eventMs: [3, 2], silence: "outlived", heartbeat: true };

/** As if an upgrade took both header fields, and silence a time-out. */
function answerTo(settings: readonly string[]): WayReport {
  if (!settings.includes("Upgrade header") || !settings.includes("Connection header")) return refused;
  return settings.includes("proxy_read_timeout 1h") ? kept : cut;
}

const tried = subsetsOf(nginxProxy.settings.map(({ name }) => name));
const configured = ["proxy_http_version 1.1", "Upgrade header", "Connection header", "proxy_read_timeout 1h"];
const report = { direct: kept, ways: tried.map(answerTo) };
const { measures, findings } = readWays(
  { proxy: nginxProxy, tried, configured, eventMsMax: 100, timeOutMs: 1000 },
  report,
);

describe("ways through a proxy", () => {
  it("are every combination of settings once, the smallest first", () => {
    assert.deepEqual(subsetsOf(["a", "b"]), [[], ["a"], ["b"], ["a", "b"]]);
    assert.equal(new Set(tried.map(String)).size, 2 ** nginxProxy.settings.length);
  });

  it("tell the fewest settings, with and without heartbeats", () => {
    assert.equal(measures.proxySettingsNeeded, 3);
    assert.equal(measures.proxySettingsNeededWithHeartbeat, 2);
    assert.equal(fewestSettings([{ settings: [], report: refused }], { eventMsMax: 100 }), undefined);
  });

  it("tell what becomes of the shipped one and of the documented one", () => {
    assert.equal(measures.shippedConnections, 0);
    assert.equal(measures.shippedPromptEvents, undefined);
    assert.equal(measures.configuredEventSoonestMs, 2);
    assert.equal(measures.idleCutTimeoutRatio, 1.2);
    assert.deepEqual([measures.heartbeatConnections, measures.silentConnections], [1, 1]);
  });

  it("tell of each setting that is needed what happens without it", () => {
    const { found, settings } = wayFindingsOf({ findings });
    assert.deepEqual(settings, [
      { name: "Upgrade header", without: "426" },
      { name: "Connection header", without: "426" },
      { name: "proxy_read_timeout 1h", without: "silence was cut off after 1200 ms" },
    ]);
    assert.equal(found.get("shipped-message")?.outcome, "breaks");
    assert.equal(found.get("configured-silence")?.outcome, "works");
  });

  it("tell of a WebSocket over HTTP/2 what was offered, and nothing where nobody said it", () => {
    const tell = (extended: ExtendedConnect) =>
      readWays(
        { proxy: nginxProxy, tried: [[]], configured: [], eventMsMax: 100 },
        { direct: kept, ways: [kept], extended },
      );
    assert.equal(tell({ offered: false, evidence: "no" }).measures.extendedConnectSettings, 0);
    assert.equal(tell({ evidence: "refused" }).measures.extendedConnectSettings, undefined);
    assert.equal(tell({ offered: true, echoed: false, evidence: "404" }).measures.extendedConnectEchoes, 0);
    const outcomes = [{ offered: true }, { offered: true, echoed: false }, {}].map((seen) => {
      const { findings } = tell({ ...seen, evidence: "seen" });
      return wayFindingsOf({ findings }).found.get("extended-connect")?.outcome;
    });
    assert.deepEqual(outcomes, ["works", "breaks", "breaks"]);
  });

  it("hold an event up that takes longer than at once", () => {
    const late = readWays(
      { proxy: nginxProxy, tried: [[]], configured: [], eventMsMax: 100 },
      { direct: kept, ways: [{ eventMs: [210, 205] }] },
    );
    assert.deepEqual([late.measures.shippedConnections, late.measures.shippedPromptEvents], [1, 0]);
    assert.equal(late.measures.proxySettingsNeeded, undefined);
  });
});
