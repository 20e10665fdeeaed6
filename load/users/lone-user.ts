/** One user alone, who waits for echoes. It runs in pages of browsers too: what it imports are types. */
import type { Payload } from "../../protocol/contract.ts";

export interface Echo {
  readonly payload: Payload;
  /** By the user's clock, in the turn of the event that completed the message. */
  readonly at: number;
}

export interface LoneUser {
  /** Sends a message and resolves with the next one that nobody waits for yet; rejects when the connection ends. */
  echo(payload: Payload): Promise<Echo>;
  /** Ends every wait, with a sentence that says why. */
  giveUp(why: string): void;
  close(): void | Promise<void>;
}

/** What a connection tells. */
export interface Listening {
  readonly onMessage: (payload: Payload) => void;
  readonly onEnd: (why: string) => void;
}

/** `now` is the user's clock, in any unit; `connect` as the protocol's client does. */
export async function loneUser(
  now: () => number,
  connect: (listening: Listening) => Promise<{ send(payload: Payload): void; close(): void | Promise<void> }>,
): Promise<LoneUser> {
  const waiting: PromiseWithResolvers<Echo>[] = [];
  let ended: Error | undefined;
  const giveUp = (why: string): void => {
    ended ??= new Error(`no echo: ${why}`);
    for (const { reject } of waiting.splice(0)) reject(ended);
  };
  const connection = await connect({
    onMessage: (payload) => waiting.shift()?.resolve({ payload, at: now() }),
    onEnd: giveUp,
  });
  return {
    echo(payload) {
      if (ended !== undefined) return Promise.reject(ended);
      const wait = Promise.withResolvers<Echo>();
      // Nobody waits for what was not sent.
      connection.send(payload);
      waiting.push(wait);
      return wait.promise;
    },
    giveUp,
    close: () => connection.close(),
  };
}

export interface Exchange {
  /** In order of arrival. */
  readonly echoes: readonly Payload[];
  /** Of those that were sent one after the other, by the user's clock. */
  readonly roundTrips: readonly number[];
}

/**
 * Sends each message of `inTurn` after the echo of the one before, and then `atOnce` all together. What has not come after
 * `waitMs` does not come: the echoes then are fewer.
 */
export async function exchange(
  user: LoneUser,
  now: () => number,
  { inTurn, atOnce, waitMs }: { inTurn: readonly Payload[]; atOnce: readonly Payload[]; waitMs: number },
): Promise<Exchange> {
  const echoes: Payload[] = [];
  const roundTrips: number[] = [];
  const ask = async (payload: Payload): Promise<void> => {
    const sent = now();
    const { payload: echo, at } = await user.echo(payload);
    echoes.push(echo);
    if (roundTrips.length < inTurn.length) roundTrips.push(at - sent);
  };
  const patience = setTimeout(() => user.giveUp(`none in ${waitMs} ms`), waitMs);
  try {
    for (const payload of inTurn) await ask(payload);
    await Promise.all(atOnce.map(ask));
  } catch {
    // What came is told; the judge counts.
  } finally {
    clearTimeout(patience);
  }
  return { echoes, roundTrips };
}
