/** The first screen as lines of a terminal. */
import type { Results } from "../../results/contract/results.ts";
import { plural } from "../../results/quantities/format.ts";
import type { Column } from "../text/table.ts";
import { cut, hang, plainColumns, widthOf, wrap } from "../text/wrap.ts";
import { viewOf } from "../view/view.ts";
import { drawBar } from "./bars.ts";
import { type Screen, screenOf } from "./screen.ts";
import type { Remedy, ScreenRow, ScreenTable, Tone } from "./screen-table.ts";

/** Puts a colour on a text, or does not. */
export type Paint = (tone: Tone | "strong", text: string) => string;

export interface TerminalLook {
  /** No line is longer, but for a path or a command that is. */
  readonly columns: number;
  readonly paint: Paint;
}

export const plainLook: TerminalLook = { columns: plainColumns, paint: (_, text) => text };

/** Where the words of a labelled line begin. */
const labelWidth = 10;

/** A screen of 24 lines, of which one says where the report is. */
const linesMax = 23;

/** How much is said where there is more than fits; the report has all of it. */
interface Limits {
  readonly failures: number;
  readonly unclear: number;
  readonly warnings: number;
  readonly rules: number;
  /** Claims by their verdict, or how many of each, or none. */
  readonly claims: "named" | "counted" | undefined;
  /** Whether groups are set apart by empty lines. */
  readonly isLoose: boolean;
  /** Whether tables say what their columns mean. */
  readonly hasLegends: boolean;
}

/** What gives way first is what decides least. */
const roomy: Limits = {
  failures: 6,
  unclear: 2,
  warnings: 2,
  rules: 3,
  claims: "named",
  isLoose: true,
  hasLegends: true,
};
const tight: Limits = { ...roomy, unclear: 1, warnings: 0, isLoose: false };
/** Where nothing makes it fit, a table that cannot be read gains nothing. */
const tooLong: Limits = { ...tight, claims: undefined, unclear: 0, failures: 3, rules: 0 };
const limits: readonly Limits[] = [
  roomy,
  { ...roomy, warnings: 1 },
  { ...roomy, warnings: 1, claims: undefined },
  { ...roomy, warnings: 0 },
  tight,
  { ...tight, claims: "counted" },
  { ...tight, claims: undefined },
  { ...tight, claims: undefined, unclear: 0 },
  { ...tight, claims: undefined, unclear: 0, failures: 3 },
  { ...tight, claims: undefined, unclear: 0, failures: 3, rules: 0 },
  { ...tight, claims: undefined, unclear: 0, failures: 3, rules: 0, hasLegends: false },
];

export function renderSummary(results: Results, look: TerminalLook = plainLook): string {
  return fittedLines(screenOf(viewOf(results)), look).join("\n");
}

/** The tables of results that are still being measured; empty until there is a number. */
export function renderTables(results: Results, look: TerminalLook): string[] {
  return screenOf(viewOf(results)).tables.flatMap((table) => drawTable(table, look).lines);
}

function fittedLines(screen: Screen, look: TerminalLook): string[] {
  const drawn = limits.map((limit) => linesOf(screen, look, limit));
  return drawn.find(({ length }) => length <= linesMax) ?? linesOf(screen, look, tooLong);
}

function linesOf(screen: Screen, look: TerminalLook, limit: Limits): string[] {
  const { notice, scope, machine, failures, unclear, advice, tables, sure, unsure, rules, claims, warnings } = screen;
  const say = (label: string, texts: readonly string[], tone?: Tone | "strong"): string[] =>
    labelled(label, texts, look, tone);
  const most = (texts: readonly string[], count: number): string[] => {
    const left = texts.length - count;
    if (left <= 0) return [...texts];
    return [...texts.slice(0, count), count > 0 ? `and ${left} more, in the report.` : `${left}, in the report.`];
  };
  const isSilent = limit.warnings === 0 && warnings.length > 0;
  const remarks = isSilent ? `${scope.replace(/\.$/, "")}; ${plural(warnings.length, "remark")}.` : scope;
  return [
    ...(notice === undefined ? [] : wrap(notice, look.columns)),
    ...say("Machine", [`${machine.state}: ${machine.text}`], machine.state === "busy" ? "doubt" : undefined),
    ...say("Failed", most(failures, limit.failures), "bad"),
    ...say("Unclear", most(unclear, limit.unclear), "doubt"),
    ...say("Run", [remarks]),
    ...(limit.isLoose ? [""] : []),
    ...[...Map.groupBy(advice, ({ about }) => about)].flatMap(([about, own]) =>
      say(about, [own.map(({ text }) => text).join(" ")], "strong"),
    ),
    ...(limit.isLoose && advice.length > 0 ? [""] : []),
    ...tables.flatMap((table) => {
      const { lines, titles } = drawTable(table, look);
      const legend = limit.hasLegends ? legendLines(table, titles, look) : [];
      return [...lines, ...legend, ...(limit.isLoose ? [""] : [])];
    }),
    ...say("Sure", sure, "strong"),
    ...say("Not sure", unsure === undefined ? [] : [unsure.text]),
    // Whole, however long, so that it can be copied.
    ...(unsure?.command === undefined ? [] : ["  settle".padEnd(labelWidth) + unsure.command]),
    ...say("Rules", most(rules, limit.rules), "strong"),
    ...say("Claims", claims === undefined || limit.claims === undefined ? [] : [claims[limit.claims]]),
    ...say("Beware", limit.warnings === 0 ? [] : most(warnings, limit.warnings), "doubt"),
    ...say("Left out", [screen.notMeasured.map(remedyInWords).join("; ")]).map(breakable),
  ];
}

const hardSpace = "\u00a0";

/** A command stays on one line, so that it can be copied. */
const remedyInWords = ({ text, command }: Remedy): string =>
  command === undefined ? text : `${text.replace(/\.$/, "")}: ${command.replaceAll(" ", hardSpace)}`;

const breakable = (line: string): string => line.replaceAll(hardSpace, " ");

function labelled(label: string, texts: readonly string[], { columns, paint }: TerminalLook, tone?: Tone | "strong") {
  return texts.flatMap((text, index) => {
    const term = index === 0 ? label : "";
    const [first, ...rest] = hang(term, text, { columns, at: labelWidth });
    if (index > 0 || tone === undefined) return [first!, ...rest];
    return [paint(tone, label) + first!.slice(label.length), ...rest];
  });
}

/** Of the columns that are shown. */
function legendLines({ legend }: ScreenTable, titles: readonly string[], { columns, paint }: TerminalLook): string[] {
  const texts = legend.filter(({ column }) => column === undefined || titles.includes(column)).map(({ text }) => text);
  return texts.length === 0 ? [] : wrap(`${texts.join("; ")}.`, columns).map((line) => paint("quiet", line));
}

interface Drawn {
  readonly lines: string[];
  /** Of the columns there was room for. */
  readonly titles: readonly string[];
}

const nameWidthMin = 8;
const barWidth = { min: 4, max: 24 };

/** Names and bars share the room the numbers leave; where there is none, the last columns give way. */
function drawTable(table: ScreenTable, look: TerminalLook): Drawn {
  const { columns, rows } = table;
  const hasBars = rows.some(({ bar }) => bar !== undefined);
  for (let shown = columns.length; shown > 0; shown--) {
    const natural = columns
      .slice(0, shown)
      .map(({ title }, index) => Math.max(...[title, ...rows.map(({ cells }) => cells[index]!.text)].map(widthOf)));
    const barMin = hasBars ? barWidth.min + 1 : 0;
    for (const gap of [2, 1]) {
      const widths = wordsCut(natural, table, look.columns, gap);
      const room = look.columns - widths.reduce((sum, width) => sum + width + gap, 0) - barMin;
      const names = namesFor(table, room);
      if (names === undefined && (shown > 1 || gap > 1)) continue;
      const named = names ?? rows.map(({ shortName }) => cut(shortName, Math.max(nameWidthMin, room)));
      const nameWidth = Math.max(widthOf(table.subject), ...named.map(widthOf));
      const bars = hasBars ? Math.min(barWidth.max, barWidth.min + Math.max(0, room - nameWidth)) : 0;
      const lines = drawn(table, look, { names: named, nameWidth, barWidth: bars, widths, gap });
      return { lines, titles: columns.slice(0, shown).map(({ title }) => title) };
    }
  }
  return { lines: [], titles: [] };
}

const wordsWidthMin = 24;

/** A last column of words gives way before numbers do: its cells are cut to what short names and the numbers leave. */
function wordsCut(widths: readonly number[], table: ScreenTable, columns: number, gap: number): readonly number[] {
  const last = widths.length - 1;
  if (gap > 1 || last === 0 || last < table.columns.length - 1 || table.columns[last]!.align !== "left") return widths;
  const names = Math.max(...[table.subject, ...table.rows.map(({ shortName }) => shortName)].map(widthOf));
  const others = widths.slice(0, last).reduce((sum, width) => sum + width + gap, names + barWidth.min + 1 + gap);
  return [...widths.slice(0, last), Math.min(widths[last]!, Math.max(wordsWidthMin, columns - others))];
}

/** In full where there is room, else shortened; undefined where even those do not fit. */
function namesFor({ rows, subject }: ScreenTable, room: number): string[] | undefined {
  const full = rows.map(({ name }) => name);
  const short = rows.map(({ shortName }) => shortName);
  const fits = (names: readonly string[]): boolean => Math.max(...[subject, ...names].map(widthOf)) <= room;
  return fits(full) ? full : fits(short) ? short : undefined;
}

interface Layout {
  readonly names: readonly string[];
  readonly nameWidth: number;
  readonly barWidth: number;
  readonly widths: readonly number[];
  readonly gap: number;
}

function drawn({ subject, columns, rows }: ScreenTable, { paint }: TerminalLook, layout: Layout): string[] {
  const { names, nameWidth, barWidth: bars, widths, gap } = layout;
  const line = (name: string, bar: string, cells: readonly string[]): string => {
    const [first = "", ...rest] = cells;
    const space = " ".repeat(gap);
    const parts = [name.padEnd(nameWidth), first, ...rest];
    const [head, lead, ...others] = parts;
    return [`${head}${space}${lead}${bars > 0 ? ` ${bar}` : ""}`, ...others].join(space).trimEnd();
  };
  const pad = (text: string, index: number): string => padded(text, widths[index]!, columns[index]!);
  const titles = widths.map((_, index) => pad(columns[index]!.title, index));
  return [
    paint("strong", line(subject, " ".repeat(bars), titles)),
    ...rows.map((row, place) =>
      line(
        names[place]!,
        row.bar === undefined ? " ".repeat(bars) : paint("quiet", drawBar(row.bar, bars)),
        widths.map((_, index) => paintedCell(row, index, pad(row.cells[index]!.text, index), paint)),
      ),
    ),
  ];
}

function paintedCell({ cells }: ScreenRow, index: number, text: string, paint: Paint): string {
  const { tone } = cells[index]!;
  return tone === undefined ? text : paint(tone, text);
}

function padded(whole: string, width: number, { align }: Column): string {
  const text = cut(whole, width);
  const space = " ".repeat(width - widthOf(text));
  return align === "left" ? text + space : space + text;
}
