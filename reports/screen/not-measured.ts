/** What a reader may take the numbers for although nobody measured it. */
import { formatList } from "../../results/quantities/format.ts";
import type { ReportView } from "../view/view.ts";

const loopback = /^\w+:\/\/(localhost|127\.|\[::1\])/;
const secured = /^(wss|https|tls)[:+]/;

export function notMeasuredIn({ results: { targets, cells, leftOut = [] } }: ReportView): string {
  const isNear = targets.every(({ system }) => system.kind !== "external" || loopback.test(system.url));
  const isPlain = targets.every(
    ({ options, system }) => options.tls === undefined && !(system.kind === "external" && secured.test(system.url)),
  );
  const isOwn = targets.every(({ system }) => system.kind === "embedded" || system.kind === "cluster");
  const isCluster = cells.some(({ parameters }) => parameters.nodes !== undefined);
  const things = [
    ...(isNear ? ["distance and loss (one machine)"] : []),
    ...(isPlain ? ["TLS"] : []),
    ...(isCluster ? ["machines that fail", "brokers that lose each other"] : ["browsers"]),
    ...(isOwn ? ["servers of others"] : []),
  ];
  const [first] = leftOut;
  // Their names alone would fill lines: one command tells how the others are run.
  const further =
    first === undefined
      ? ""
      : ` The preset leaves out ${formatList(leftOut.map(({ name }) => name))}: \`${first.command}\` runs the first.`;
  return `${formatList(things)}.${further}`;
}
