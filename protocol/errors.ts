/** The codes shared code acts on. Everything else is for a human and lives in the message. */
export type ErrorCode =
  /** The caller's mistake: command line, target, parameter. */
  | "usage"
  /** Nothing listens at the address. */
  | "connect-refused"
  /** The peer answered, but not as the protocol asks, or not in time. */
  | "connect-failed"
  /** The caller's signal ended the handshake. */
  | "aborted"
  /** Sent on a connection that has ended. */
  | "closed"
  /** Larger than `payloadBytesMax`. */
  | "payload-too-large"
  /** More than `queueBytesMax` is waiting for a peer that does not read. */
  | "queue-full"
  /** A results file that is not one, or of another schema. */
  | "results-unreadable"
  /** The report could not be written. */
  | "output-unwritable"
  /** A child process ended, or said nothing for too long. */
  | "process-failed"
  /** A program that is needed (HAProxy, a broker) is not on this machine, or is somebody else's where it is to be broken. */
  | "component-missing"
  /** A program that is needed is here but did not start, did not answer, or ended. */
  | "component-failed";

/** An error with a stable code, a sentence for the user and, where there is one, what to do about it. */
export class WirebenchError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "WirebenchError";
    this.code = code;
    this.hint = options.hint;
  }
}

/** The innermost sentence of anything thrown, for messages that quote a cause. */
export function describeError(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return describeError(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code;
  if (error.cause !== undefined && !(error instanceof WirebenchError)) return describeError(error.cause);
  return error.message || code || error.name;
}
