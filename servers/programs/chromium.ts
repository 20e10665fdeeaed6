/** A private Chromium without a window, driven over its DevTools protocol (chromedevtools.github.io/devtools-protocol). */
import { join } from "node:path";
import { type ProgramRecipe, startPrivately } from "./private-program.ts";
import type { Program } from "./program.ts";

/** It does nothing of its own: no updates, no services of its vendor, and no page is held back because nobody looks at it. */
const quiet = [
  "--no-first-run",
  "--no-default-browser-check",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-extensions",
  "--disable-sync",
  "--disable-breakpad",
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
  // A page that was put in place over DevTools has no address, so it would be taken for one of the internet, which may not
  // reach this host (WICG Local Network Access).
  "--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets",
] as const;

const recipe: ProgramRecipe = {
  name: "chromium",
  scheme: "http",
  arguments: ({ folder, port }) => [
    "--headless=new",
    "--disable-gpu",
    // Of a container there is often little; files in the folder are gone with it.
    "--disable-dev-shm-usage",
    // Chromium does not run as root with it. What it loads comes from this host alone.
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ...quiet,
    "--lang=en-US",
    `--user-data-dir=${join(folder, "profile")}`,
    `--remote-debugging-port=${port}`,
    "about:blank",
  ],
  async answers({ port, said, signal }) {
    if (!said().includes(`DevTools listening on ws://127.0.0.1:${port}/`)) throw new Error("not yet");
    const { ok } = await fetch(`http://127.0.0.1:${port}/json/version`, { signal });
    if (!ok) throw new Error("not yet");
  },
  portTaken: /Cannot start http server for devtools|Address already in use/,
  startMsMax: 60_000,
  stopMsMax: 2000,
};

export const chromium = {
  name: "chromium",
  role: "browser",
  used: true,
  find: ["chromium", "chromium-browser"],
  version: ["--version"],
  install: { apt: ["chromium"] },
  start: (executable, options) => startPrivately(recipe, { ...options, executable }),
} satisfies Program;
