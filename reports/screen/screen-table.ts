/** The parts a first screen is made of. */
import type { Column } from "../text/table.ts";

/** What a colour says where there is one; nothing is said by colour alone. */
export type Tone = "good" | "bad" | "doubt" | "quiet";

export interface ScreenCell {
  readonly text: string;
  readonly tone?: Tone | undefined;
}

/** A length that stands for a number. */
export interface Bar {
  /** Of the longest bar, 0 to 1. */
  readonly share: number;
  /** Too long to be drawn: it ends in an arrow. */
  readonly isCut: boolean;
  /** Hatched: the number is a bound. */
  readonly isBound: boolean;
}

export interface ScreenRow {
  readonly name: string;
  /** Short enough for a narrow column. */
  readonly shortName: string;
  readonly bar: Bar | undefined;
  /** One per column. */
  readonly cells: readonly ScreenCell[];
}

export interface LegendEntry {
  readonly text: string;
  /** Title of the column it explains; absent for what does not depend on one. */
  readonly column?: string;
}

export interface ScreenTable {
  /** Heads the names. */
  readonly subject: string;
  /** Heads the bars, which stand after the first column. */
  readonly columns: readonly Column[];
  readonly rows: readonly ScreenRow[];
  /** What columns and signs mean. */
  readonly legend: readonly LegendEntry[];
}

export interface Remedy {
  readonly text: string;
  readonly command?: string | undefined;
}

/** A sentence under the word that says what it is about. */
export interface Statement {
  readonly about: string;
  readonly text: string;
}

/** What one kind of experiment puts on the screen. */
export interface ScreenPart {
  /** What to run, and why: above the table. */
  readonly advice?: readonly Statement[];
  readonly table?: ScreenTable | undefined;
  /** Most important first. */
  readonly sure: readonly string[];
  readonly unsure?: Remedy | undefined;
  /** How to run it. */
  readonly rules?: readonly string[];
  /** What could have been said if it had been measured. */
  readonly notMeasured?: readonly Remedy[];
}
