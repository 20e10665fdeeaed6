import type { ServerConnection } from "../../protocol/contract.ts";
import { countedBehaviour } from "./counted.ts";
import type { MeasuredBehaviour } from "./measured-behaviour.ts";

/** What presence may be told to do wrong. */
export interface PresenceOrder {
  /** Nobody hears of a user whose connection ended. */
  readonly forgetsTheGone?: boolean;
}

/**
 * The application's protocol, one text message each. A user says `here NAME` first; then `watch NAME`, `status TEXT` or
 * `away TEXT`. It hears `watching` when its subscription counts, `status TEXT` and `away TEXT` of those it watches, and
 * `gone` when the connection of one of them has ended although it did not say `away`.
 */
export const presenceWords = {
  here: "here ",
  watch: "watch ",
  status: "status ",
  away: "away ",
  watching: "watching",
  gone: "gone",
} as const;

const nameLengthMax = 64;
/** Of one user. */
const watchedMax = 1000;

interface Person {
  readonly name: string;
  /** Connections that said to be this user. */
  users: number;
  readonly watchers: Set<ServerConnection>;
  /** Latest status; undefined while the user is not there. */
  status: string | undefined;
}

/**
 * What an application has to build to offer presence: names, subscriptions, the latest status for whoever comes later, and
 * a word to subscribers when a connection has ended. Nothing is kept beyond the process, and nobody is asked whether he
 * may be watched.
 */
export function presenceBehaviour({ forgetsTheGone = false }: PresenceOrder = {}): MeasuredBehaviour {
  const people = new Map<string, Person>();
  const { here, watch, status, away, watching, gone } = presenceWords;

  function personNamed(name: string): Person {
    const known = people.get(name) ?? { name, users: 0, watchers: new Set(), status: undefined };
    people.set(name, known);
    return known;
  }
  function forgetIfUnused({ name, users, watchers }: Person): void {
    if (users === 0 && watchers.size === 0) people.delete(name);
  }

  return countedBehaviour((handled) => (connection) => {
    let own: Person | undefined;
    const watched = new Set<Person>();
    const tell = (text: string): void => {
      for (const watcher of own?.watchers ?? []) watcher.send(text);
    };

    return {
      message(payload) {
        handled();
        if (typeof payload !== "string") return connection.close();
        const isNamed = payload.length <= here.length + nameLengthMax;
        if (payload.startsWith(status) && own !== undefined) {
          own.status = payload;
          tell(payload);
        } else if (payload.startsWith(away) && own !== undefined) {
          own.status = undefined;
          tell(payload);
        } else if (payload.startsWith(watch) && isNamed && watched.size < watchedMax) {
          const person = personNamed(payload.slice(watch.length));
          person.watchers.add(connection);
          watched.add(person);
          connection.send(watching);
          if (person.status !== undefined) connection.send(person.status);
        } else if (payload.startsWith(here) && isNamed && own === undefined) {
          own = personNamed(payload.slice(here.length));
          own.users++;
        } else connection.close();
      },
      closed() {
        for (const person of watched) {
          person.watchers.delete(connection);
          forgetIfUnused(person);
        }
        if (own?.status !== undefined && !forgetsTheGone) tell(gone);
        if (own === undefined) return;
        own.status = undefined;
        own.users--;
        forgetIfUnused(own);
      },
    };
  });
}
