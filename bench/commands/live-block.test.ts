import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LiveBlock } from "./live-block.ts";

/** What a terminal shows that knows the three sequences in use. */
class Screen {
  readonly rows: number;
  readonly columns = 40;
  lines = [""];
  #row = 0;
  #column = 0;

  constructor(rows: number) {
    this.rows = rows;
  }

  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what terminals are told.
    for (const [token, count] of text.matchAll(/\u001b\[(\d+)A|\u001b\[J|\r|\n|[^\u001b\r\n]+/g)) {
      if (count !== undefined) this.#row -= Number(count);
      else if (token === "\u001b[J") {
        this.lines.length = this.#row + 1;
        this.lines[this.#row] = this.lines[this.#row]!.slice(0, this.#column);
      } else if (token === "\r") this.#column = 0;
      else if (token === "\n") {
        this.#row++;
        this.#column = 0;
        this.lines[this.#row] ??= "";
      } else {
        this.lines[this.#row] = this.lines[this.#row]!.slice(0, this.#column) + token;
        this.#column += token.length;
      }
    }
  }
}

describe("a live block", () => {
  it("is drawn in place of itself, longer or shorter", () => {
    const screen = new Screen(24);
    const block = new LiveBlock(screen);
    screen.write("before\n");
    block.draw(["a", "b", "c"]);
    block.draw(["d"]);
    assert.deepEqual(screen.lines, ["before", "d"]);
    block.draw(["e", "f"]);
    assert.deepEqual(screen.lines, ["before", "e", "f"]);
  });

  it("changes its last line alone", () => {
    const screen = new Screen(24);
    const block = new LiveBlock(screen);
    block.drawLast("a long line");
    block.draw(["table", "a long line"]);
    block.drawLast("short");
    assert.deepEqual(screen.lines, ["table", "short"]);
    block.clear();
    assert.deepEqual(screen.lines, [""]);
  });

  it("leaves nothing behind", () => {
    const screen = new Screen(24);
    const block = new LiveBlock(screen);
    block.draw(["a", "b"]);
    block.clear();
    block.clear();
    screen.write("after\n");
    assert.deepEqual(screen.lines, ["after", ""]);
  });

  it("never scrolls: of too many lines it shows the last", () => {
    const screen = new Screen(3);
    new LiveBlock(screen).draw(["a", "b", "c", "d"]);
    assert.deepEqual(screen.lines, ["c", "d"]);
  });
});
