/** The two proxies as they are shipped, and with what their documentation adds, on real sockets. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { carriedAs } from "../../servers/proxies/proxy.ts";
import { ProgramPool } from "../rigs/program-pool.ts";
import { protocols } from "../targets/protocols.ts";
import { parseTarget } from "../targets/target.ts";
import { hasProgram } from "../testing.ts";
import { clusterPresets } from "./cluster/presets.ts";
import { presets } from "./comparison/presets.ts";
import { type ProxyCell, proxy } from "./proxy.ts";
import { measureOnce } from "./testing.ts";

const programs = new ProgramPool();
after(() => programs[Symbol.asyncDispose]());
const context = { seed: 1, trial: 1, signal: new AbortController().signal, programs };

const cellOf = (protocol: string, through: string): ProxyCell =>
  proxy
    .cells({
      targets: [parseTarget(protocol)],
      traffic: presets.quick.settings,
      cluster: clusterPresets.quick,
    })
    .find(({ variant }) => variant === through)!;

/** The two ways that matter; whoever carries nothing ends the connection by itself, and nothing here is timed. */
function small(protocol: string, through: string): ProxyCell {
  const { echoes: _, beating: __, compressed: ___, ...cell } = cellOf(protocol, through);
  const { configured } = cell;
  return {
    ...cell,
    tried: configured.length === 0 ? [[]] : [[], configured],
    asked: { events: { countMax: 1, atOnceMs: 100 }, graceMs: 10_000 },
  };
}

const ofHttp2 = /^(usersOnOneConnection|extendedConnect.*)$/;

describe("through a proxy", { timeout: 600_000 }, () => {
  const rows = [
    ["tcp", "haproxy", 0],
    ["websocket", "haproxy", 1],
    ["websocket", "nginx", 0],
    ["sse", "nginx", 0],
    ["long-polling", "nginx", 1],
    ["websocket+tls", "haproxy", 1],
    ["sse+tls+h2", "nginx", 0],
  ] as const;
  for (const [protocol, through, shipped] of rows) {
    it(`${protocol} ${shipped === 1 ? "passes" : "does not pass"} ${through} as shipped, and does as documented`, async (t) => {
      if (!hasProgram(t, through)) return;
      const cell = small(protocol, through);
      // What passes need not end by a time-out.
      const unscaled = shipped === 1 ? { ...cell, timeScale: 1 } : cell;
      const { measures, predictions } = await measureOnce(proxy, unscaled, context);
      assert.equal(measures.shippedConnections, shipped);
      assert.equal(measures.configuredConnections, 1);
      assert.equal(measures.repeatedPostRequests, cell.failing ? 0 : undefined);
      for (const { metric, verdict } of predictions) if (ofHttp2.test(metric)) assert.equal(verdict, "held", metric);
      assert.equal(measures.extendedConnectEchoes, cell.extended && 1);
    });
  }

  it("every protocol is tried or told why not, in clear and where TLS ends at the proxy", () => {
    for (const { server } of protocols) {
      const { name, options = [] } = server.traits;
      const withH2 = options.some((option) => option.name === "h2") ? [`${name}+tls+h2`] : [];
      for (const target of [name, `${name}+tls`, ...withH2]) {
        for (const through of ["haproxy", "nginx"]) {
          const cell = cellOf(target, through);
          const isOut = proxy.unfit!(cell) !== undefined;
          assert.equal(isOut, cell.proxy.documented[carriedAs(server.traits)].settings === undefined, target);
          if (isOut) continue;
          for (const settings of [[], cell.configured])
            assert.ok(cell.tried.some((each) => each.length === settings.length));
          for (const { metric } of cell.expectations) assert.ok(proxy.metrics.includes(metric), metric);
        }
      }
    }
  });

  it("what is not led through one says why", () => {
    const unfit = (target: string): string => String(proxy.unfit!(cellOf(target, "haproxy")));
    assert.match(unfit("xmpp+tls=starttls"), /STARTTLS/);
    assert.match(unfit("sse+h2"), /add \+tls/);
    assert.match(unfit("websocket=wss://127.0.0.1:1/"), /in clear/);
  });
});
