import type { IncomingHttpHeaders } from "node:http";
import { parseCookie } from "undici";
import type { CookieJar } from "../../protocol/contract.ts";

/** RFC 6265 section 6.1: what a user agent should at least have room for, per domain. */
const cookiesMax = 50;

/** Of the whole header; servers refuse a request whose headers are much larger (431). */
const headerLengthMax = 8 * 1024;

/** RFC 6265 section 4.1.1, and the quoted values and spaces that browsers send as well. */
const sendable = /^[\x20-\x7e]*$/;

interface KeptCookie {
  readonly pair: string;
  /** Milliseconds since the epoch; absent: until the user leaves. */
  readonly expiresMs?: number;
}

/** Values of `Set-Cookie` among headers as Node and undici parse them. */
export function setCookies({ "set-cookie": value }: IncomingHttpHeaders): readonly string[] {
  return typeof value === "string" ? [value] : (value ?? []);
}

/**
 * The cookies of one user who talks to one origin, with every path of it (RFC 6265 section 5.3): newest value per name,
 * `Max-Age` before `Expires`, gone when expired. `Path`, `Domain`, `Secure` and `SameSite` decide between origins and
 * pages, of which there is one here, and are ignored. At most 50 cookies and 8 KiB: the oldest give way.
 */
export class OriginCookieJar implements CookieJar {
  readonly #cookies = new Map<string, KeptCookie>();
  readonly #now: () => Date;

  /** `now` is wall time, which `Expires` is written in. */
  constructor(now: () => Date = () => new Date()) {
    this.#now = now;
  }

  header(): string | undefined {
    const nowMs = this.#now().getTime();
    for (const [name, { expiresMs }] of this.#cookies) {
      if (expiresMs !== undefined && expiresMs <= nowMs) this.#cookies.delete(name);
    }
    return this.#cookies.size === 0 ? undefined : this.#joined();
  }

  keep(setCookie: readonly string[]): void {
    for (const line of setCookie) this.#take(line);
    while (this.#cookies.size > cookiesMax || this.#joined().length > headerLengthMax) {
      this.#cookies.delete(this.#cookies.keys().next().value!);
    }
  }

  #take(line: string): void {
    const cookie = parseCookie(line);
    // RFC 6265 section 5.2: a line without a name is ignored.
    if (cookie === null || cookie.name === "") return;
    const pair = `${cookie.name}=${cookie.value}`;
    if (!sendable.test(pair)) return;
    const nowMs = this.#now().getTime();
    const expiresMs = expiry(cookie, line, nowMs);
    if (expiresMs !== undefined && expiresMs <= nowMs) this.#cookies.delete(cookie.name);
    else this.#cookies.set(cookie.name, { pair, ...(expiresMs !== undefined && { expiresMs }) });
  }

  #joined(): string {
    return [...this.#cookies.values()].map(({ pair }) => pair).join("; ");
  }
}

type Parsed = NonNullable<ReturnType<typeof parseCookie>>;

/** Undefined for a cookie that stays as long as its user; a date that is none counts as absent. */
function expiry({ maxAge, expires }: Parsed, line: string, nowMs: number): number | undefined {
  if (maxAge !== undefined) return nowMs + maxAge * 1000;
  // undici's parser drops a negative Max-Age, which RFC 6265 section 5.2.2 reads as "expired".
  if (/;\s*max-age\s*=\s*-\d+\s*(;|$)/i.test(line)) return nowMs;
  const expiresMs = expires === undefined ? Number.NaN : new Date(expires).getTime();
  return Number.isNaN(expiresMs) ? undefined : expiresMs;
}
