/**
 * The contract of a proxy as a distribution ships it, and of what can be set on top: types only. It stands in front of one
 * server and balances nothing; what stands in front of the nodes of a cluster is in `servers/cluster`.
 */
import type { Traits } from "../../protocol/contract.ts";
import type { ProgramRecipe } from "../programs/private-program.ts";
import type { Program } from "../programs/program.ts";

/** What somebody adds to the shipped file. */
export interface ProxySetting {
  /** As people call it; differs from those of the others of the proxy. */
  readonly name: string;
  /** It only moves the end that silence has. */
  readonly isTimeOut?: true;
  /** It makes of a proxy for HTTP one for bytes, which no protocol that begins with HTTP asks for. */
  readonly isForBytes?: true;
  /** It compresses event streams, which nobody needs: the question is what becomes of events then. */
  readonly isCompression?: true;
}

/** What a protocol is to a proxy: bytes of its own kind, a connection that is upgraded, a response without an end, or requests. */
export type Carried = "bytes" | "upgrade" | "event-stream" | "requests";

/** What is to be expected of the shipped file by its documentation, and of settings on top. */
export interface Documented {
  /** Whether a message passes at all, and its echo. */
  readonly carries: boolean;
  /** Whether an event that is sent alone is there at once; absent where nothing is. */
  readonly atOnce?: boolean;
  /** Where that is written. */
  readonly because: string;
  /** Names of the settings that are given for it; absent where it cannot be carried. */
  readonly settings?: readonly string[];
}

/** A way through the proxy: a port of its own, and names of settings on top of what is shipped. */
export interface Route {
  readonly port: number | string;
  readonly settings: readonly string[];
  /** `host:port` of each of those it leads to, in turn; absent: the server of the set-up. */
  readonly servers?: readonly string[];
}

export interface ProxySetup {
  readonly routes: readonly Route[];
  /** `host:port` of the server behind it. */
  readonly server: string;
  /** Time-outs that are shipped are divided by this, so that nobody waits for a minute. */
  readonly timeScale: number;
  /** As whom it runs, where that differs. */
  readonly isRoot?: boolean;
}

export interface ShippedProxy {
  readonly program: Program;
  /** As a human writes it. */
  readonly title: string;
  readonly settings: readonly ProxySetting[];
  /** After how long a silence it ends a connection as shipped, in milliseconds, and by which directive. */
  readonly silence: {
    readonly ms: number;
    readonly directive: string;
    /** It may do so earlier by so much, however long the time-out is. */
    readonly earlyMsMax: number;
  };
  /** What its documentation says, by what it is to carry. */
  readonly documented: Readonly<Record<Carried, Documented>>;
  /** How often another server gets a request as shipped that one took before it failed, by method. */
  readonly repeats: { readonly GET: number; readonly POST: number; readonly because: string };
  /** The whole file, with comments. */
  render(setup: ProxySetup): string;
  /** In its private folder. */
  readonly file: string;
  readonly recipe: Pick<ProgramRecipe, "arguments" | "answers" | "portTaken">;
}

export function carriedAs({ schemes, downlink }: Traits): Carried {
  if (schemes.some((scheme) => /^wss?:$/.test(scheme))) return "upgrade";
  if (!schemes.some((scheme) => /^https?:$/.test(scheme))) return "bytes";
  return downlink === "stream" ? "event-stream" : "requests";
}

/** Whether each message up is a request of its own. */
export const isOfRequests = (carried: Carried): boolean => carried === "event-stream" || carried === "requests";

/** Throws for a name that is none: names come from this project, not from users. */
export function settingsOf<Lines>(known: Readonly<Record<string, Lines>>, { settings }: Route): Lines[] {
  return settings.map((name) => {
    const lines = known[name];
    if (lines === undefined) throw new Error(`no setting is called ${name}`);
    return lines;
  });
}
