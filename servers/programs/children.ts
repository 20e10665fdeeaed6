import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Processes that a process started and that still are its own: from the kernel where it has a list (Linux), else from `ps`. */
export function childrenOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return children.split(" ").filter(Boolean).map(Number);
  } catch {
    const { stdout } = spawnSync("ps", ["-A", "-o", "ppid=,pid="], { encoding: "utf8", timeout: 5000 });
    const pairs = (stdout ?? "").split("\n").map((line) => line.trim().split(/\s+/).map(Number));
    return pairs.flatMap(([parent, child]) => (parent === pid && child !== undefined ? [child] : []));
  }
}
