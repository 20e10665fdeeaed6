import { formatList, formatQuantity } from "../../../results/quantities/format.ts";
import { signOf } from "../../../results/summary/reading.ts";
import { delayAxis, logScale } from "../../charts/axes.ts";
import type { Chart } from "../../charts/chart.ts";
import { rowFigure } from "../../charts/rows.ts";
import { readArm } from "../../view/cluster-reading.ts";
import type { ArmView, ExperimentView } from "../../view/cluster-view.ts";

const recipients = ["firstRecipientP50Us", "medianRecipientP50Us", "lastRecipientP50Us"] as const;

/** When the first, the middle and the last user of a broadcast had it. */
export function recipientsChart({ arms }: ExperimentView, file: string): Chart | undefined {
  const text = new Map<ArmView, string>();
  const points = arms.flatMap((arm) => {
    const found = recipients.flatMap((metric) => {
      const reading = readArm(arm, metric);
      return reading.kind === "value" && reading.interval.value > 0
        ? [{ name: arm.name, metric, us: reading.interval.value, sign: signOf(reading.bound) }]
        : [];
    });
    if (found.length < recipients.length) return [];
    text.set(arm, found.map(({ us, sign }) => `${sign}${formatQuantity(us, "us")}`).join(" – "));
    return found;
  });
  const rows = arms.filter((arm) => text.has(arm));
  if (rows.length < 2) return undefined;
  const scale = logScale(
    points.map(({ us }) => us),
    8,
  );
  const x = { field: "us", type: "quantitative", scale: { type: "log", domain: scale.domain } };
  const axis = delayAxis(scale, "delay from the schedule p50, logarithmic (lower is better)");
  const only = (metric: (typeof recipients)[number]) => ({ filter: `datum.metric === '${metric}'` });
  return {
    file,
    alt: `First, median and last recipient of a message, p50: ${formatList(rows.map((arm) => `${arm.name} ${text.get(arm)}`))}.`,
    spec: rowFigure({
      title: "When has everybody heard it?",
      subtitle: "filled: first user; line: the user in the middle; open: the last. p50 over the messages.",
      rows,
      text,
      data: points,
      layers: [
        {
          mark: { type: "rule", strokeWidth: 6, opacity: 0.35 },
          encoding: { x: { aggregate: "min", ...x, axis }, x2: { aggregate: "max", field: "us" } },
        },
        {
          transform: [only("medianRecipientP50Us")],
          mark: { type: "tick", thickness: 2, size: 14 },
          encoding: { x },
        },
        {
          transform: [only("lastRecipientP50Us")],
          mark: { type: "point", size: 110, fill: "white", filled: false, strokeWidth: 2 },
          encoding: { x },
        },
        {
          transform: [only("firstRecipientP50Us")],
          mark: { type: "point", size: 120, filled: true, opacity: 1 },
          encoding: { x },
        },
      ],
    }),
  };
}
