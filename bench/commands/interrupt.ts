import { constants } from "node:os";
import { exitCodes } from "./exit-codes.ts";

/** Who knows what is on the screen. */
export interface Speaker {
  /** A line that stays. */
  say(line: string): void;
  /** Takes off the screen what changes. */
  done(): void;
}

const stderr: Speaker = { say: (line) => process.stderr.write(`\n${line}\n`), done() {} };

/** Aborts on the first Ctrl-C (or SIGTERM) and says `notice`; the second ends the process at once. */
export function interruptSignal(notice: string, speaker = stderr): { signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const onSignal = (name: "SIGINT" | "SIGTERM"): void => {
    if (controller.signal.aborted) {
      speaker.done();
      process.exit(128 + constants.signals[name]);
    }
    speaker.say(notice);
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
