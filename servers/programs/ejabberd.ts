import { readdirSync, readFileSync } from "node:fs";
import type { Program } from "./program.ts";

export const ejabberd = {
  name: "ejabberd",
  role: "XMPP server",
  used: false,
  find: ["ejabberdctl"],
  /** `ejabberdctl` asks a server that runs. The version is in the name of the library its script starts one from. */
  version(found) {
    const libraries = /^(?:export )?ERL_LIBS='(.+)'/m.exec(readFileSync(found, "utf8"))?.[1];
    const names = libraries === undefined ? [] : readdirSync(libraries).sort();
    return names.flatMap((name) => /^ejabberd-(\d[\w.]*)/.exec(name)?.[1] ?? [])[0];
  },
  install: { apt: ["ejabberd"], brew: ["ejabberd"] },
} satisfies Program;
