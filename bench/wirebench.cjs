#!/usr/bin/env node
// Says a plain sentence on a Node.js that is too old to read the rest: so this file is written for any.
"use strict";
var needed = Number(/\d+/.exec(require("../package.json").engines.node)[0]);
var running = process.versions.node;
if (Number(running.split(".")[0]) < needed) {
  process.stderr.write(`wirebench: expected Node.js ${needed} or newer, got ${running} (${process.execPath})\n`);
  process.exitCode = 2;
} else {
  import("../dist/bench/cli.js");
}
