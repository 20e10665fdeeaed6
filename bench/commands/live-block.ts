/** Some lines at the end of a terminal that are drawn again in place. */

/** Where they are drawn. */
export interface Terminal {
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(text: string): unknown;
}

const lineStart = "\r";
const clearBelow = "\u001b[J";
const up = (lines: number): string => (lines > 0 ? `\u001b[${lines}A` : "");

export class LiveBlock {
  readonly #terminal: Terminal;
  /** Lines on the screen; the cursor is at the end of the last. */
  #drawn = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  get isDrawn(): boolean {
    return this.#drawn > 0;
  }

  /**
   * In place of what was drawn before. Lines must not be longer than the terminal is wide, since it counts lines as they
   * are on its screen; of more lines than it has rows the last are drawn.
   */
  draw(lines: readonly string[]): void {
    const { rows = 24 } = this.#terminal;
    const shown = lines.slice(-Math.max(1, rows - 1));
    this.#terminal.write(this.#erased() + shown.join("\n"));
    this.#drawn = shown.length;
  }

  /** The last line alone, the others as they are. */
  drawLast(line: string): void {
    if (this.isDrawn) this.#terminal.write(lineStart + clearBelow + line);
    else this.draw([line]);
  }

  /** Takes the block off the screen; what is written next stands in its place. */
  clear(): void {
    if (this.#drawn === 0) return;
    this.#terminal.write(this.#erased());
    this.#drawn = 0;
  }

  #erased(): string {
    return this.#drawn === 0 ? "" : lineStart + up(this.#drawn - 1) + clearBelow;
  }
}
