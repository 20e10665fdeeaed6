import assert from "node:assert/strict";
import { test } from "node:test";
import { widthOf } from "../../reports/text/wrap.ts";
import { columnsOf } from "./columns.ts";
import { describe, takeInventory } from "./list.ts";

const inventory = takeInventory();

test("the list keeps within the width, whatever it is, and loses no word", () => {
  const words = (text: string) => text.split(/\s+/).join(" ");
  for (const columns of [40, 80, 132]) {
    const lines = describe(inventory, columns).split("\n");
    const unbreakable = (line: string) => line.trim().split(" ").length === 1;
    for (const line of lines) assert.ok(widthOf(line) <= columns || unbreakable(line), `${columns}: ${line}`);
    assert.equal(words(lines.join("\n")), words(describe(inventory, 1000)));
  }
});

test("the width is the terminal's, and 80 where there is none or it does not know", () => {
  assert.equal(columnsOf({ isTTY: true, columns: 132 }), 132);
  assert.equal(columnsOf({ isTTY: true, columns: 0 }), 80);
  assert.equal(columnsOf({ columns: 132 }), 80);
});
