/** What to say to a name that does not exist: the one place that guesses what was meant. */
import { WirebenchError } from "./errors.ts";

/** The entry of `known` with that name. Throws `usage` with the likeliest name and all there are. */
export function named<T>(kind: string, name: string, known: readonly T[], nameOf: (entry: T) => string): T {
  const found = known.find((entry) => nameOf(entry) === name);
  if (found !== undefined) return found;
  const names = known.map(nameOf);
  throw new WirebenchError(
    "usage",
    `unknown ${kind} "${name}": ${didYouMean(name, names)}expected one of ${names.join(", ")}`,
  );
}

/** `did you mean "x"? ` or nothing where no name is near. */
export function didYouMean(name: string, names: readonly string[]): string {
  const nearest = nearestTo(name, names);
  return nearest === undefined ? "" : `did you mean "${nearest}"? `;
}

/** Undefined where none is near: more than a third of it would have to be typed anew. */
function nearestTo(name: string, names: readonly string[]): string | undefined {
  const asked = name.toLowerCase();
  const begins = asked.length >= 3 ? names.filter((known) => known.startsWith(asked)) : [];
  if (begins.length === 1) return begins[0];
  const [nearest] = names
    .map((known) => ({ known, edits: editsBetween(asked, known) }))
    .filter(({ known, edits }) => edits <= Math.max(1, Math.floor(Math.max(known.length, asked.length) / 3)))
    .sort((a, b) => a.edits - b.edits);
  return nearest?.known;
}

/** Letters to insert, remove, replace or swap with a neighbour (optimal string alignment). */
function editsBetween(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        rows[i - 1]![j]! + 1,
        row[j - 1]! + 1,
        rows[i - 1]![j - 1]! + (same ? 0 : 1),
        swapped ? rows[i - 2]![j - 2]! + 1 : Number.POSITIVE_INFINITY,
      );
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
