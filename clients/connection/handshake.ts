import { describeError, WirebenchError } from "../../protocol/errors.ts";
import { masked } from "../../protocol/secrets.ts";
import { certificateAdvice } from "./certificate.ts";

/** Says why a connection could not be made, with the code shared code acts on. */
export function connectError(address: string, cause: unknown, signal: AbortSignal): WirebenchError {
  if (cause instanceof WirebenchError) return cause;
  const url = masked(address);
  if (signal.aborted) {
    return new WirebenchError("aborted", `gave up connecting to ${url}: ${describeError(signal.reason)}`, { cause });
  }
  if (isRefusal(cause)) return new WirebenchError("connect-refused", `nothing listens at ${url}`, { cause });
  const reason = describeError(cause) + certificateAdvice(cause);
  return new WirebenchError("connect-failed", `cannot connect to ${url}: ${reason}`, { cause });
}

function isRefusal(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isRefusal);
  if (!(error instanceof Error)) return false;
  return (error as NodeJS.ErrnoException).code === "ECONNREFUSED" || isRefusal(error.cause);
}

/** Runs `start` until it settles or the signal aborts; `abandon` frees what a failed handshake holds. */
export function handshake<T>(
  url: string,
  signal: AbortSignal,
  start: (resolve: (value: T) => void, reject: (cause: unknown) => void) => void,
  abandon: () => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const fail = (cause: unknown): void => {
      signal.removeEventListener("abort", onAbort);
      abandon();
      reject(connectError(url, cause, signal));
    };
    const onAbort = (): void => fail(signal.reason);
    if (signal.aborted) return fail(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    start((value) => {
      signal.removeEventListener("abort", onAbort);
      resolve(value);
    }, fail);
  });
}
