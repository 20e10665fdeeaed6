/** What HAProxy says to standard error of a node whose health check turned, management.html section 8: as data. */
import { nowNs } from "../../../protocol/clock.ts";
import type { NodeTransition } from "../balancer/balancer.ts";
import { backendName } from "./configuration.ts";

const turned = new RegExp(
  `: Server ${backendName}/(\\S+) is (UP|DOWN), reason: (?<reason>[^,]+)(?:, code: (?<code>\\d+))?`,
);

/** Undefined for any other line. */
export function transitionIn(line: string): NodeTransition | undefined {
  const [, node, state] = turned.exec(line) ?? [];
  const { reason = "", code } = turned.exec(line)?.groups ?? {};
  if (node === undefined) return undefined;
  return { atNs: nowNs(), node, to: state === "UP" ? "up" : "down", why: whyOf(reason, code) };
}

function whyOf(reason: string, code: string | undefined): NodeTransition["why"] {
  if (/passed/.test(reason)) return "passed";
  if (code === "503") return "not-ready";
  if (/timeout/.test(reason)) return "timeout";
  return /connection problem|Layer4/.test(reason) ? "refused" : "other";
}
