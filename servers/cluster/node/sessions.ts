/** What a cluster remembers of a user from one connection to the next: a number of steps, by the session's id. */
import { randomUUID } from "node:crypto";

export interface OpenedSession {
  /** A new one where the session asked for was not found: a store never takes an id that it did not give out. */
  readonly session: string;
  /** The session asked for was here. */
  readonly found: boolean;
  readonly steps: number;
}

export interface Stepped {
  readonly found: boolean;
  /** After this step; 0 where the session was not found. */
  readonly steps: number;
}

/** Where sessions are kept. What rejects means that nobody can tell whether the session is there. */
export interface SessionStore {
  open(session?: string): Promise<OpenedSession>;
  step(session: string): Promise<Stepped>;
  /** Idempotent, never rejects. */
  close(): Promise<void>;
}

export interface MemorySessionsOptions {
  /** Over it, the session that was used longest ago is forgotten. */
  readonly sessionsMax: number;
}

/** In the memory of the node: gone with its process, and unknown to every other node. */
export function memorySessions({ sessionsMax }: MemorySessionsOptions = { sessionsMax: 100_000 }): SessionStore {
  /** Steps by id, the one used longest ago first. */
  const steps = new Map<string, number>();

  function use(session: string, value: number): void {
    steps.delete(session);
    steps.set(session, value);
    if (steps.size > sessionsMax) steps.delete(steps.keys().next().value!);
  }

  return {
    async open(asked) {
      const known = asked === undefined ? undefined : steps.get(asked);
      const session = known === undefined ? randomUUID() : asked!;
      use(session, known ?? 0);
      return { session, found: known !== undefined, steps: known ?? 0 };
    },
    async step(session) {
      const known = steps.get(session);
      if (known === undefined) return { found: false, steps: 0 };
      use(session, known + 1);
      return { found: true, steps: known + 1 };
    },
    async close() {
      steps.clear();
    },
  };
}
