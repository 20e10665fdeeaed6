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
  /** It lets clients ask for HTTP/2 in the TLS handshake, which nobody does who does not speak it. */
  readonly isForHttp2?: true;
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
  /** Where TLS ends at the proxy and that differs. */
  readonly overTls?: Pick<Documented, "atOnce" | "because">;
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

/** Names of files, each in the folder of the configuration or a word that stands for it. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** Both in one. */
  readonly bothFile: string;
}

export const tlsFilesInWords: TlsFiles = {
  certFile: "CERTIFICATE",
  keyFile: "KEY",
  bothFile: "CERTIFICATE-AND-KEY",
};

export interface ProxySetup {
  readonly routes: readonly Route[];
  /** `host:port` of the server behind it. */
  readonly server: string;
  /** Time-outs that are shipped are divided by this, so that nobody waits for a minute. */
  readonly timeScale: number;
  /** TLS ends at the proxy, on every way; behind it nothing is encrypted. Absent: on none. */
  readonly tls?: TlsFiles | undefined;
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
  /** Where a client comes with HTTP/2, of what can. */
  readonly documentedOverHttp2: Readonly<Record<"event-stream" | "requests", Documented>>;
  readonly http2: {
    /** Name of the setting that offers it. */
    readonly setting: string;
    /** Requests under way at once on a connection, and where that is written. */
    readonly streamsMax: number;
    readonly streamsBecause: string;
    /** Whether SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 8441 section 3) is sent, without which nobody may open a WebSocket there. */
    readonly offersWebSocket: boolean;
    readonly offersBecause: string;
  };
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

/** What a client speaks with the proxy and the server behind it does not. */
export interface EndsAtProxy {
  readonly tls: boolean;
  readonly http2: boolean;
}

/** What is to be expected of a protocol, by what ends at the proxy. */
export function documentedFor(
  { documented, documentedOverHttp2 }: Pick<ShippedProxy, "documented" | "documentedOverHttp2">,
  carried: Carried,
  ends: EndsAtProxy,
): Documented {
  if (ends.http2 && isOfRequests(carried)) return documentedOverHttp2[carried];
  const usual = documented[carried];
  return ends.tls ? { ...usual, ...usual.overTls } : usual;
}

/** Whether each message up is a request of its own. */
export const isOfRequests = (carried: Carried): carried is "event-stream" | "requests" =>
  carried === "event-stream" || carried === "requests";

/** Throws for a name that is none: names come from this project, not from users. */
export function settingsOf<Lines>(known: Readonly<Record<string, Lines>>, { settings }: Route): Lines[] {
  return settings.map((name) => {
    const lines = known[name];
    if (lines === undefined) throw new Error(`no setting is called ${name}`);
    return lines;
  });
}
