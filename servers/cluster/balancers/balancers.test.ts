/** What every load balancer does with users, with the configuration wirebench writes: against the real programs. */
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { hasProgram } from "../../../bench/testing.ts";
import { keepsUsers, needsUserInUrl, type Policy, partsOf } from "../../../protocol/policies.ts";
import { requireProgram } from "../../programs/program.ts";
import { programNamed } from "../../programs/programs.ts";
import type { RunningProxy } from "../balancer/balancer.ts";
import { type FakeNode, nodeOfNewUser, setupOf, startNodes } from "../haproxy/testing.ts";
import { type Balancer, balancers } from "./balancers.ts";

const nodeCount = 3;

async function startBalancer(
  t: TestContext,
  { program, start }: Balancer,
  nodes: readonly FakeNode[],
  policy: Policy,
): Promise<RunningProxy> {
  const executable = requireProgram(programNamed(program));
  const folder = mkdtempSync(join(tmpdir(), `wirebench-${program}-`));
  const proxy = await start(setupOf(nodes, { policy }), { executable, folder, temporary: true });
  t.after(() => proxy.stop());
  return proxy;
}

/** Node that gets a user, who says who it is where the policy asks for that. */
const nodeOf = (t: TestContext, proxy: RunningProxy, policy: Policy, user: number, cookie?: string) =>
  nodeOfNewUser(t, proxy, cookie, needsUserInUrl(policy) ? `?user=${user}` : "");

for (const balancer of balancers) {
  describe(balancer.title, () => {
    for (const policy of balancer.policies) {
      const { balance, persistence } = partsOf(policy);
      it(`${policy}: spreads who is new, and ${keepsUsers(policy) ? "knows" : "does not know"} who comes back`, {
        timeout: 60_000,
      }, async (t) => {
        if (!hasProgram(t, balancer.program)) return;
        const nodes = await startNodes(t, nodeCount);
        const proxy = await startBalancer(t, balancer, nodes, policy);
        const users = Array.from({ length: 9 }, (_, user) => user);
        const first = [];
        for (const user of users) first.push(await nodeOf(t, proxy, policy, user));
        const perNode = Map.groupBy(first, (node) => node);
        // All of them come from one address.
        if (balance === "source") assert.equal(perNode.size, 1);
        else if (balance === "consistent-hash") assert.ok(perNode.size > 1, "nobody knows which, but not all to one");
        else for (const { length } of perNode.values()) assert.equal(length, users.length / nodeCount);

        const again = [];
        for (const user of users) {
          const cookie = persistence === "cookie" ? `serverid=${first[user]}` : undefined;
          again.push(await nodeOf(t, proxy, policy, user, cookie));
        }
        if (keepsUsers(policy)) assert.deepEqual(again, first);
        else for (const { length } of Map.groupBy(again, (node) => node).values()) assert.equal(length, 3);
      });
    }

    it("reloads with its users connected, and comes back after a kill", { timeout: 60_000 }, async (t) => {
      if (!hasProgram(t, balancer.program)) return;
      const nodes = await startNodes(t, nodeCount);
      const proxy = await startBalancer(t, balancer, nodes, "round-robin");
      const before = await nodeOfNewUser(t, proxy);
      assert.ok(nodes.some(({ name }) => name === before));
      await proxy.reload();
      assert.ok(proxy.pids().length >= 2);
      await nodeOfNewUser(t, proxy);
      await proxy.kill();
      await assert.rejects(nodeOfNewUser(t, proxy));
      await proxy.restart();
      await nodeOfNewUser(t, proxy);
    });

    it("sends nobody new to a node in maintenance, and takes it back", { timeout: 60_000 }, async (t) => {
      if (!hasProgram(t, balancer.program)) return;
      const proxy = await startBalancer(t, balancer, await startNodes(t, nodeCount), "round-robin");
      await proxy.setState("node-2", "maint");
      for (let user = 0; user < 6; user++) assert.notEqual(await nodeOfNewUser(t, proxy), "node-2");
      await proxy.setState("node-2", "ready");
      const names = new Set<string>();
      for (let user = 0; user < 6; user++) names.add(await nodeOfNewUser(t, proxy));
      assert.ok(names.has("node-2"));
    });
  });
}
