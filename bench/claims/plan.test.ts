import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Claim, Need } from "../../results/claims/claim.ts";
import { claims } from "../../results/claims/claims.ts";
import { cellKey } from "../../results/contract/cells.ts";
import { trialMs, trialsOf } from "../run/estimate.ts";
import { cellsOf } from "../run/parts.ts";
import { protocolNames, protocols } from "../targets/protocols.ts";
import { partsFor } from "./plan.ts";
import { claimPresets } from "./presets.ts";

const { quick } = claimPresets;
const [first, second] = protocolNames as [string, string];

const claimWith = (...needs: readonly Need[]): Claim => ({ ...claims[0]!, needs });
const planned = (...asked: readonly Claim[]) => cellsOf(partsFor(asked, quick));
const namesOf = (cells: ReturnType<typeof planned>): string[] =>
  cells.map(({ experiment, cell }) =>
    cellKey({ target: cell.target.label, scenario: experiment.name, ...(cell.variant && { variant: cell.variant }) }),
  );

describe("the plan of some claims", () => {
  it("measures a cell once, however many claims look at it", () => {
    const echo = { experiment: "echo", targets: [first, second] };
    const cells = planned(claimWith(echo), claimWith(echo, { experiment: "echo", targets: [second] }));
    assert.deepEqual(namesOf(cells), [`${first}, echo`, `${second}, echo`]);
  });

  it("sets cells over a link, and those of an application, apart from others of their experiment", () => {
    const cells = planned(
      claimWith(
        { experiment: "echo", targets: [first] },
        { experiment: "echo", targets: [first], link: "rtt=80ms" },
        { experiment: "profile", targets: [first], profile: "chat" },
        { experiment: "profile", targets: [first], profile: "game" },
      ),
    );
    const profiles = namesOf(cells).filter((name) => name.includes("profile"));
    assert.equal(new Set(namesOf(cells)).size, 4);
    assert.ok(namesOf(cells).includes(`${first}, echo, over rtt=80ms`));
    assert.deepEqual(profiles, [`${first}, profile, chat`, `${first}, profile, game`]);
    assert.deepEqual(
      cells.map(({ cell }) => cell.parameters.profile?.title).filter((title) => title !== undefined).length,
      2,
    );
  });

  it("compares with the protocol that is listed first, whichever claim comes first", () => {
    const cells = planned(
      claimWith({ experiment: "echo", targets: [second] }),
      claimWith({ experiment: "echo", targets: [first, second] }),
    );
    assert.deepEqual(namesOf(cells), [`${first}, echo`, `${second}, echo`]);
  });

  it("takes only the variants that decide", () => {
    const all = planned(claimWith({ experiment: "push", targets: [first] }));
    const some = planned(claimWith({ experiment: "push", targets: [first], variants: ["1 per second"] }));
    assert.ok(all.length > some.length);
    assert.deepEqual(namesOf(some), [`${first}, push, 1 per second`]);
  });

  it("tells targets apart that would be called alike", () => {
    const polled = protocols.map(({ server }) => server.traits).find(({ deliveryFloorMs }) => deliveryFloorMs)!.name;
    const cells = planned(
      claimWith(
        { experiment: "echo", targets: [polled, ...protocolNames] },
        { experiment: "profile", targets: [polled], profile: "scores" },
        { experiment: "broadcast" },
      ),
    );
    const byLabel = Map.groupBy(cells, ({ cell }) => cell.target.label);
    for (const [label, own] of byLabel) {
      const described = new Set(own.map(({ cell: { target } }) => JSON.stringify([target.system, target.options])));
      assert.equal(described.size, 1, label);
    }
  });

  it("gives cells of a cluster and others as many trials as each kind takes", () => {
    const cells = planned(claimWith({ experiment: "echo", targets: [first] }, { experiment: "broadcast" }));
    const trials = new Set(cells.map((cell) => `${cell.experiment.name} ${trialsOf(cell, quick.trials)}`));
    assert.deepEqual(trials, new Set([`echo ${quick.trials}`, `broadcast ${quick.clusterTrials}`]));
  });

  it("of all claims has every need fulfilled, and is done in ten minutes", () => {
    const cells = cellsOf(partsFor(claims, quick));
    for (const { id, needs } of claims) {
      for (const need of needs) {
        const own = cellsOf(partsFor([claimWith(need)], quick));
        assert.ok(own.length > 0, `${id} needs cells of ${need.experiment} that there are not`);
        for (const variant of need.variants ?? []) {
          const found = own.some(({ cell }) => cell.variant === variant || cell.variant?.startsWith(`${variant}, `));
          assert.ok(found, `${id}: ${need.experiment} has no variant "${variant}"`);
        }
      }
    }
    const ms = cells.reduce((sum, cell) => sum + trialsOf(cell, quick.trials) * trialMs(cell), 0);
    assert.ok(ms < 600_000, `${Math.round(ms / 1000)} s`);
  });
});
