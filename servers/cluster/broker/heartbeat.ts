/** Notices a broker that is alive for the kernel but says nothing. */
import type { Session } from "./session.ts";

/** A session is asked so often whether it still works. */
const everyMs = 1000;
/** No answer for so long means that it does not. */
const answerWaitMs = 2000;
/** The answer may lie in a socket that a busy process has not read yet: so long it may read once its timer is due. */
const graceMs = 250;
/** While something else is heard the answer waits its turn behind it, but not longer than so many waits. */
const waitsMax = 5;

/**
 * Calls `lost` when a check fails or is not answered; gives the function that stops it. `heard` counts what else came:
 * a broker that has much to do and does it is slow, and not gone.
 */
export function guard(session: Session, heard: () => number, lost: () => void): () => void {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const later = (ms: number, then: () => void): void => {
    timer = setTimeout(then, ms);
  };
  const fail = (): void => {
    if (!stopped) lost();
  };
  const awaitAnswer = (waits: number): void => {
    const before = heard();
    const look = (): void => {
      if (heard() !== before && waits < waitsMax) awaitAnswer(waits + 1);
      else fail();
    };
    later(answerWaitMs, () => later(graceMs, look));
  };
  const ask = (): void => {
    awaitAnswer(1);
    session.check().then(() => {
      clearTimeout(timer);
      if (!stopped) later(everyMs, ask);
    }, fail);
  };
  later(everyMs, ask);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
