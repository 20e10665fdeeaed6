import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

type Collect = (options: { type: "major"; execution: "sync"; flavor: "last-resort" }) => void;

let collect: Collect | undefined;

/**
 * Leaves in this process's heap what is in use and no more, and gives the pages of the rest back: how much garbage
 * there is depends on when V8 last collected, not on how many connections are open.
 */
export function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    // Code that no longer runs would leave with the next collections, while connections come: the slope would be of both.
    setFlagsFromString("--no-flush-bytecode");
    collect = runInNewContext("gc") as Collect;
  }
  collect({ type: "major", execution: "sync", flavor: "last-resort" });
}
