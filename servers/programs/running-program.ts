/** The contract of a real program (HAProxy, Redis, NATS, Kafka ...) that wirebench starts privately: types only. */
import type { FsyncPolicy } from "../../protocol/durability.ts";
import type { Certificate } from "../connection/certificate.ts";
import type { Watchdog } from "./watchdog.ts";

export interface StartOptions {
  /** A folder of its own, empty, for configuration, data, sockets and logs; its owner removes it. */
  readonly folder: string;
  /** The program owns the folder: it is removed by `stop`, when the start fails, and when the driver dies. */
  readonly temporary?: boolean;
  /** Loopback port; 0 or absent takes a free one. */
  readonly port?: number;
  /** Aborts the start; nothing is left running then. */
  readonly signal?: AbortSignal;
  /** Of a broker: when it syncs its files. Absent: as its record says. */
  readonly fsync?: FsyncPolicy;
  /** Of an XMPP server: that it talks to others of its kind. Absent: it does not. */
  readonly federation?: Federation;
}

/** How a server that is one of several reaches the others and is reached by them. */
export interface Federation {
  /** Loopback address of its own, which is its XMPP domain too: the others need no DNS to find an address. */
  readonly address: string;
  /** With it all connections are encrypted, those of clients and those between servers; absent: none is. */
  readonly certificate?: Certificate | undefined;
  /** Where it listens to the others, if that is behind the port at which they look for it. Absent: there. */
  readonly behind?: number | undefined;
}

export interface ProgramOptions extends StartOptions {
  /** Path of the executable (for Kafka: of `java`). */
  readonly executable: string;
  /** Of the ensemble it is a member of, which ends it; absent: it has one of its own. */
  readonly watchdog?: Watchdog;
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
  /** Of a program that speaks several protocols: where, by the scheme of each URL. */
  readonly addresses?: Readonly<Record<string, string>> | undefined;
  /** What its TLS ports identify themselves with, in PEM, for clients to trust; absent: it has none. */
  readonly certificate?: string | undefined;
  /** The last 16 KiB of what it wrote to standard output and standard error; absent where nobody reads them. */
  readonly log?: string;
  /** Somebody else started it: it has a life before and after us, and no process that we may touch. */
  readonly foreign?: true;
  /** Of the process that does the work; undefined while it does not run. */
  readonly pid: number | undefined;
  /** SIGKILL, as a crash; resolves when the process is gone. Its data stay. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same data; resolves when it answers. */
  restart(): Promise<void>;
  /** SIGSTOP and SIGCONT: alive for the kernel, dead for its peers. */
  freeze(): void;
  thaw(): void;
  /** Called with every line it writes to standard output or standard error. */
  onLine?: ((line: string) => void) | undefined;
  /** Called with a sentence when the process ends although nobody asked for it. */
  onDeath: ((sentence: string) => void) | undefined;
  /** Ends it for good: asked politely first, then killed. Idempotent, never rejects. */
  stop(): Promise<void>;
}

/** One of several processes that are one broker together. */
export interface EnsembleMember extends RunningProgram {
  /** What it is to the others, e.g. `sentinel`. */
  readonly role: string;
}

/**
 * Several programs that are one broker: `url` has an address of each that clients may ask, `pid` is there while all of
 * them run, and whoever kills, restarts, freezes or ends it does so to all of them. A member can be killed by itself;
 * one that dies unasked is told by the `onDeath` of the ensemble.
 */
export interface RunningEnsemble extends RunningProgram {
  readonly members: readonly EnsembleMember[];
  /** Who takes the messages of a topic, asked of the ensemble itself; undefined: nobody, or nobody knows. */
  leader(topic: string): Promise<EnsembleMember | undefined>;
  /** Whether every member that holds messages of the topic runs and has all of them. */
  whole(topic: string): Promise<boolean>;
  /** Ends the connections over which a leader that does not wait for its followers tells them what it has. */
  readonly sever?: ((leader: EnsembleMember) => Promise<void>) | undefined;
}
