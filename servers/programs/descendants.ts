/** What a process has started, and what that has, from the kernel's table; nothing where there is no /proc. */
import { readdirSync, readFileSync } from "node:fs";

export function descendantsOf(pid: number): number[] {
  const parents = new Map(processIds().map((each) => [each, parentOf(each)]));
  const belongs = (each: number): boolean => {
    const parent = parents.get(each);
    return parent !== undefined && (parent === pid || belongs(parent));
  };
  return [...parents.keys()].filter(belongs);
}

function processIds(): number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** The command in the line may hold brackets and spaces: the state and the parent come after its last bracket. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}
