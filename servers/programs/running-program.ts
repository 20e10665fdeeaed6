/** The contract of a real program (HAProxy, Redis, NATS, Kafka ...) that wirebench starts privately: types only. */

export interface StartOptions {
  /** A folder of its own, empty, for configuration, data, sockets and logs; its owner removes it. */
  readonly folder: string;
  /** The program owns the folder: it is removed by `stop`, when the start fails, and when the driver dies. */
  readonly temporary?: boolean;
  /** Loopback port; 0 or absent takes a free one. */
  readonly port?: number;
  /** Aborts the start; nothing is left running then. */
  readonly signal?: AbortSignal;
}

export interface ProgramOptions extends StartOptions {
  /** Path of the executable (for Kafka: of `java`). */
  readonly executable: string;
}

/** Loopback ports. */
export interface Door {
  /** What clients that came by it are told. */
  readonly port: number;
  readonly behind: number;
}

/** A program that runs privately on loopback and answers. It ends with its driver, whatever happens to that. */
export interface RunningProgram {
  /** As a human calls it, e.g. `redis-server`. */
  readonly name: string;
  /** Where it listens, in its own scheme. Stays the same over `restart`. */
  readonly url: string;
  /**
   * Of a program that tells its clients at which port to go on: ports it names and leaves free, each for a relay to the
   * port behind it, where it listens. Absent: it tells them nothing, so a relay may have any port.
   */
  readonly doors?: readonly Door[] | undefined;
  /** Of the process that does the work; undefined while it does not run. */
  readonly pid: number | undefined;
  /** SIGKILL, as a crash; resolves when the process is gone. Its data stay. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same data; resolves when it answers. */
  restart(): Promise<void>;
  /** SIGSTOP and SIGCONT: alive for the kernel, dead for its peers. */
  freeze(): void;
  thaw(): void;
  /** Called with a sentence when the process ends although nobody asked for it. */
  onDeath: ((sentence: string) => void) | undefined;
  /** Ends it for good: asked politely first, then killed. Idempotent, never rejects. */
  stop(): Promise<void>;
}
