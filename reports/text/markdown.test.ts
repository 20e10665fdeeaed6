import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { codeBlock, escapeText, image, oneLine, superscript } from "./markdown.ts";
import { Notes } from "./notes.ts";
import { left, renderMarkdownTable, renderPlainTable, right } from "./table.ts";

describe("markdown", () => {
  it("escapes what would end a table cell, start code or start a tag", () => {
    assert.equal(escapeText("a|b `c` <img> *d* &amp; \\"), "a\\|b \\`c\\` \\<img> \\*d\\* &amp;amp; \\\\");
  });

  it("turns line breaks, control characters and lone surrogates into what one line can carry", () => {
    assert.equal(oneLine("a\r\nb\u0000\u001bc\ud800 \u2028 d"), "a b c\ufffd d");
  });

  it("fences code with more backticks than it holds", () => {
    assert.equal(codeBlock("sh", "echo ```"), "````sh\necho ```\n````");
  });

  it("keeps brackets in a description from ending it", () => {
    assert.equal(image("a]b", "x.svg"), "![a\\]b](x.svg)");
  });

  it("numbers notes above nine", () => {
    assert.equal(superscript(120), "¹²⁰");
  });
});

describe("tables", () => {
  const table = {
    columns: [left("Target"), right("Delay")],
    rows: [
      ["TCP", "1 µs"],
      ["WebSocket", "–"],
    ],
  };

  it("are aligned in markdown source", () => {
    assert.equal(
      renderMarkdownTable(table),
      ["| Target    | Delay |", "| --------- | ----: |", "| TCP       |  1 µs |", "| WebSocket |     – |"].join("\n"),
    );
  });

  it("are columns in a terminal", () => {
    assert.equal(renderPlainTable(table), ["Target     Delay", "TCP         1 µs", "WebSocket      –"].join("\n"));
  });

  it("give the same remark the same mark", () => {
    const notes = new Notes();
    assert.deepEqual([notes.mark("a"), notes.mark("b"), notes.mark("a")], ["¹", "²", "¹"]);
    assert.equal(notes.render(), "- ¹ a\n- ² b");
  });
});
