import { plainColumns } from "../../reports/text/wrap.ts";

/** What of an output stream decides how wide its lines may be. */
export interface Output {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Columns of a terminal; of anything else those of an old one. A pseudo-terminal without a size says 0. */
export const columnsOf = ({ isTTY, columns = 0 }: Output): number => (isTTY && columns > 0 ? columns : plainColumns);
