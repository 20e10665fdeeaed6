import { constants } from "node:os";
import { exitCodes } from "./exit-codes.ts";

/** Aborts on the first Ctrl-C (or SIGTERM) and says `notice`; the second ends the process at once. */
export function interruptSignal(notice: string): { signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const onSignal = (name: "SIGINT" | "SIGTERM"): void => {
    if (controller.signal.aborted) process.exit(128 + constants.signals[name]);
    process.stderr.write(`\n${notice}\n`);
    process.exitCode = exitCodes.interrupted;
    controller.abort(new Error("interrupted"));
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}
