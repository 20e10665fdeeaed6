/**
 * How requests that are under way together keep the order of their messages: a server of ours handles each after those
 * with lower numbers, and a client hands over responses in the order of its requests.
 */
import type { Options } from "../contract.ts";
import { speaksHttp2 } from "../options/h2.ts";

/**
 * Requests of one user under way at once: connections that browsers open to one host, and streams that RFC 9113
 * section 6.5.2 asks a server for at least.
 */
export const requestsAtOnce = (options: Options | undefined): number => (speaksHttp2(options) ? 100 : 6);

/** So many that a message costs the same bytes whichever it is. */
const digits = 7;

/** Query of a request's target; `number` counts the requests of a connection from 0. */
export const numberQuery = (number: number): string => `number=${String(number).padStart(digits, "0")}`;

/** Undefined for a query that has no number. */
export function parseNumber(query: string): number | undefined {
  const number = /^number=(\d{1,15})$/.exec(query)?.[1];
  return number === undefined ? undefined : Number(number);
}
