import { styleText } from "node:util";
import type { Paint, TerminalLook } from "../../reports/screen/terminal.ts";
import { columnsOf } from "./columns.ts";

const formats = {
  good: "green",
  bad: "red",
  doubt: "yellow",
  quiet: "dim",
  strong: "bold",
} as const satisfies Record<Parameters<Paint>[0], string>;

/** As wide as a stream is, in colour where it is a terminal that has them: NO_COLOR and FORCE_COLOR decide otherwise. */
export const lookOf = (stream: NodeJS.WriteStream): TerminalLook => ({
  columns: columnsOf(stream),
  paint: (tone, text) => styleText(formats[tone], text, { stream }),
});
