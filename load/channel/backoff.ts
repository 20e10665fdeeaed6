/** How long a user waits before it tries to connect again. */

export type Backoff =
  | { readonly kind: "none" }
  | { readonly kind: "fixed"; readonly delayMs: number }
  /** Doubles from `baseMs` with every failed try up to `capMs`. */
  | { readonly kind: "exponential"; readonly baseMs: number; readonly capMs: number }
  /** Evenly between 0 and the exponential wait ("full jitter": Brooker, AWS Architecture Blog, 2015). */
  | { readonly kind: "full-jitter"; readonly baseMs: number; readonly capMs: number };

/** A wait that doubled so often is capped for sure; beyond it a product with 0 would be no number. */
const doublingsMax = 40;

const exponentialMs = ({ baseMs, capMs }: { baseMs: number; capMs: number }, attempt: number): number =>
  Math.min(capMs, baseMs * 2 ** Math.min(attempt, doublingsMax));

/** Wait before try `attempt`, from 0, in milliseconds. `random` gives numbers in [0, 1). */
export function waitMs(backoff: Backoff, attempt: number, random: () => number): number {
  switch (backoff.kind) {
    case "none":
      return 0;
    case "fixed":
      return backoff.delayMs;
    case "exponential":
      return exponentialMs(backoff, attempt);
    case "full-jitter":
      return random() * exponentialMs(backoff, attempt);
  }
}

/** For reports: the wait in words with its numbers. */
export function describeBackoff(backoff: Backoff): string {
  switch (backoff.kind) {
    case "none":
      return "at once";
    case "fixed":
      return `after ${backoff.delayMs} ms`;
    case "exponential":
      return `exponential from ${backoff.baseMs} ms to ${backoff.capMs} ms`;
    case "full-jitter":
      return `full jitter from ${backoff.baseMs} ms to ${backoff.capMs} ms`;
  }
}
