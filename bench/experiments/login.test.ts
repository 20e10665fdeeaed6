/** What a login takes, held against what the RFCs say it must take. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { defaultLimits } from "../../protocol/contract.ts";
import { scramIterations } from "../../protocol/options/scram-iterations.ts";
import { ProgramPool } from "../rigs/program-pool.ts";
import { protocols } from "../targets/protocols.ts";
import { parseTarget, traitsOf } from "../targets/target.ts";
import { clusterPresets } from "./cluster/presets.ts";
import { presets } from "./comparison/presets.ts";
import { type LoginCell, login } from "./login.ts";
import { measureOnce } from "./testing.ts";

const programs = new ProgramPool();
after(() => programs[Symbol.asyncDispose]());
const context = { seed: 1, trial: 1, signal: new AbortController().signal, programs };

const cellsOf = (...targets: string[]): readonly LoginCell[] =>
  login.cells({
    targets: targets.map(parseTarget),
    traffic: presets.quick.settings,
    cluster: clusterPresets.quick,
  });

const withLogin = protocols.map(({ server }) => server.traits).filter(({ mechanisms }) => mechanisms !== undefined);
const without = protocols.map(({ server }) => server.traits).filter(({ mechanisms }) => mechanisms === undefined);

describe("the login experiment", { timeout: 600_000 }, () => {
  for (const { name } of [...without, ...withLogin]) {
    it(`counts as many round trips on ${name} as its specification has`, async () => {
      const [cell] = cellsOf(name);
      const { measures, predictions } = await measureOnce(login, cell!, context);
      assert.deepEqual(
        predictions.map(({ verdict }) => verdict),
        ["held"],
      );
      assert.ok(measures.loginP50Us! > 0);
      assert.equal(measures.scramIterations, withLogin.some((traits) => traits.name === name) ? 4096 : undefined);
    });
  }

  it("puts no CPU time down to a server that others run: its process may only hand on", async (t) => {
    const [{ server }] = protocols as [(typeof protocols)[number]];
    const running = await server.listen({
      host: "127.0.0.1",
      port: 0,
      limits: defaultLimits,
      behaviour: () => ({ message() {}, closed() {} }),
    });
    t.after(() => running.close());
    const [cell] = cellsOf(`${server.traits.name}=${running.url}`);
    const { measures } = await measureOnce(login, cell!, context);
    assert.ok(measures.loginP50Us! > 0 && measures.clientCpuUsPerLogin! > 0);
    assert.equal(measures.serverCpuUsPerLogin, undefined);
  });

  it("asks the client for more work where the server asks for more iterations", async () => {
    const cell = cellsOf(withLogin[0]!.name).find(({ served }) => scramIterations.name in served.options)!;
    const { measures } = await measureOnce(login, cell, context);
    assert.equal(String(measures.scramIterations), cell.served.options[scramIterations.name]);
    assert.deepEqual(cell.target, parseTarget(withLogin[0]!.name), "the target is called what it was given as");
  });

  it("needs one round trip less for a password that is said than for one that is proved", () => {
    const name = withLogin[0]!.name;
    const expected = (mechanism: string): number | undefined =>
      cellsOf(`${name}+tls`).find((cell) => cell.mechanism === mechanism)!.expectations[0]!.expected.low;
    assert.equal(expected("SCRAM-SHA-1")! - expected("PLAIN")!, 1);
  });

  it("does not ask for a mechanism that the server will not offer in clear", () => {
    const plain = (target: string): LoginCell => cellsOf(target).find(({ mechanism }) => mechanism === "PLAIN")!;
    for (const { name } of withLogin) {
      assert.match(login.unfit!(plain(name))!, /over TLS only/);
      assert.equal(login.unfit!(plain(`${name}+tls`)), undefined);
    }
  });

  it("has a cell for every mechanism a target may offer", () => {
    for (const { name } of withLogin) {
      const { mechanisms = [] } = traitsOf(parseTarget(name));
      const variants = new Set(cellsOf(name).map(({ variant }) => variant));
      for (const mechanism of mechanisms) assert.ok(variants.has(mechanism), mechanism);
    }
  });
});
