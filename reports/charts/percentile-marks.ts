/** Delays of several percentiles or recipients on one logarithmic axis: a shape each, and the interval as a line. */
import type { Interval } from "../../results/contract/results.ts";
import { formatQuantity } from "../../results/quantities/format.ts";
import { type Bound, signOf } from "../../results/summary/estimate.ts";
import { delayAxis, logScale } from "./axes.ts";
import { ink } from "./colours.ts";

export interface DelayPoint extends Interval {
  readonly name: string;
  readonly mark: string;
  readonly bound?: Bound | undefined;
}

/** `102 µs – ≤951 µs`: what the marks of one row say. */
export const delaysInWords = (points: readonly DelayPoint[]): string =>
  points.map(({ value, bound }) => `${signOf(bound)}${formatQuantity(value, "us")}`).join(" – ");

const shapes = ["circle", "diamond", "square"] as const;

export const shapeWords: readonly string[] = shapes;

/** Filled where the number is exact; open: it is a bound. `marks` in the order of the shapes. */
export function delayLayers(points: readonly DelayPoint[], marks: readonly string[], title: string, apart = 0) {
  const scale = logScale(
    points.flatMap(({ low, value, high }) => [low, value, high]).filter((us) => us > 0),
    6,
  );
  const x = (field: string) => ({ field, type: "quantitative", scale: { type: "log", domain: scale.domain } });
  const axis = delayAxis(scale, title);
  const layersOf = (mark: string, index: number) => {
    const only = (condition: string) => [{ filter: `datum.mark === '${mark}' && ${condition}` }];
    const yOffset = 11 + (index - (marks.length - 1) / 2) * apart;
    const point = { type: "point", shape: shapes[index]!, size: 110, strokeWidth: 2, opacity: 1, yOffset };
    return [
      {
        transform: only("datum.low > 0 && datum.high > datum.low"),
        mark: { type: "rule", strokeWidth: 2, yOffset },
        encoding: { x: { ...x("low"), axis }, x2: { field: "high" }, color: { value: ink } },
      },
      { transform: only("!datum.bound"), mark: { ...point, filled: true }, encoding: { x: { ...x("value"), axis } } },
      { transform: only("datum.bound"), mark: { ...point, filled: false }, encoding: { x: { ...x("value"), axis } } },
    ];
  };
  return marks.flatMap(layersOf);
}
