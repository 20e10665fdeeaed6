import { constants } from "node:os";
import { exitCodes } from "../exit-codes.ts";

/** Aborts on the first Ctrl-C (or SIGTERM); the second ends the process at once. */
export function interruptSignal(): { signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const onSignal = (name: "SIGINT" | "SIGTERM"): void => {
    if (controller.signal.aborted) process.exit(128 + constants.signals[name]);
    process.stderr.write("\nStopping: what is measured so far will be written. Press Ctrl-C again to end at once.\n");
    controller.abort(new Error("interrupted"));
    process.exitCode = exitCodes.interrupted;
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
