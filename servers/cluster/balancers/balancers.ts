/** Every load balancer that can stand in front of the nodes: one entry each. */

import { type Policy, policies } from "../../../protocol/policies.ts";
import { named } from "../../../protocol/suggestion.ts";
import type { ProgramOptions } from "../../programs/running-program.ts";
import type { ProxySetup, RunningProxy } from "../balancer/balancer.ts";
import { startProxy } from "../haproxy/process.ts";
import { renderReference } from "../haproxy/reference.ts";
import { nginxPolicies } from "../nginx/configuration.ts";
import { startNginx } from "../nginx/process.ts";

export type BalancerName = "haproxy" | "haproxy-reference" | "nginx";

export interface Balancer {
  readonly name: BalancerName;
  /** As a human writes it. */
  readonly title: string;
  /** Of `servers/programs/programs.ts`. */
  readonly program: string;
  readonly policies: readonly Policy[];
  /** Resolves when it sends users to every node but the spare ones. Rejects as its program says. */
  readonly start: (setup: ProxySetup, options: ProgramOptions) => Promise<RunningProxy>;
}

export const balancers: readonly Balancer[] = [
  { name: "haproxy", title: "HAProxy", program: "haproxy", policies, start: startProxy },
  {
    name: "haproxy-reference",
    title: "HAProxy, reference set-up",
    program: "haproxy",
    policies: ["round-robin", "leastconn+cookie"],
    start: (setup, options) => startProxy(setup, options, renderReference),
  },
  { name: "nginx", title: "nginx", program: "nginx", policies: nginxPolicies, start: startNginx },
];

export const balancerNames: readonly BalancerName[] = balancers.map(({ name }) => name);

/** Throws `usage` and lists what exists. */
export const balancerNamed = (name: string): Balancer => named("load balancer", name, balancers, (each) => each.name);
