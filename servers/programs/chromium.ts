import type { Program } from "./program.ts";

export const chromium = {
  name: "chromium",
  role: "browser",
  used: false,
  find: ["chromium", "chromium-browser"],
  version: ["--version"],
  install: { apt: ["chromium"] },
} satisfies Program;
