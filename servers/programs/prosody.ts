import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Program } from "./program.ts";

export const prosody = {
  name: "prosody",
  role: "XMPP server",
  used: false,
  find: ["prosody"],
  /** Whatever it is asked, Prosody 0.12 starts to serve. Its script names the folder that has a file with the version. */
  version(found) {
    const folder = /^CFG_SOURCEDIR='(.+)'/m.exec(readFileSync(found, "utf8"))?.[1];
    return folder && readFileSync(join(folder, "prosody.version"), "utf8").trim();
  },
  install: { apt: ["prosody"], brew: ["prosody"] },
} satisfies Program;
