/** What was seen of a target that nobody asked for, over all its trials. */
import type { Cell, MeasuredProcess, Observed } from "../contract/results.ts";

const observedIn = (cells: Iterable<Cell>): Observed[] =>
  [...cells].flatMap((cell) =>
    cell.state === "measured" || cell.state === "failed" ? cell.trials.flatMap(({ observed = [] }) => observed) : [],
  );

const distinct = (values: readonly string[]): string[] => [...new Set(values)].sort();

/** Whether anybody looked: older results do not tell. */
export const wasObserved = (cells: Iterable<Cell>): boolean => observedIn(cells).length > 0;

/** TLS versions and cipher suites; empty where nothing was encrypted. */
export const tlsOf = (cells: Iterable<Cell>): string[] => distinct(observedIn(cells).flatMap(({ tls }) => tls));

/** TLS handshakes of the clients; undefined where there were none, or older results do not tell. */
export function tlsHandshakesOf(cells: Iterable<Cell>): { full: number; resumed: number } | undefined {
  const seen = observedIn(cells).flatMap(({ tlsHandshakes = [] }) => tlsHandshakes);
  if (seen.length === 0) return undefined;
  const total = (kind: "full" | "resumed"): number => seen.reduce((sum, handshakes) => sum + handshakes[kind], 0);
  return { full: total("full"), resumed: total("resumed") };
}

/** What the server compressed with; empty where it did not. */
export const compressionOf = (cells: Iterable<Cell>): string[] =>
  distinct(observedIn(cells).flatMap(({ compression }) => compression));

/** The processes whose CPU time was taken for the server's, each once. */
export const processesOf = (cells: Iterable<Cell>): MeasuredProcess[] => [
  ...new Map(observedIn(cells).flatMap(({ processes }) => processes.map((process) => [process.pid, process]))).values(),
];
