import type { CellView } from "../view/view.ts";

/** A cell as the line of a figure, in the colour of its place. */
export const colouredCell = (cell: CellView) => ({ ...cell, info: { position: cell.position } });
