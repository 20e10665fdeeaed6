import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ProgramRecipe, startPrivately } from "../../programs/private-program.ts";
import type { RunningProgram, StartOptions } from "../../programs/running-program.ts";

// The checkout runs TypeScript, the published package JavaScript; the extension follows this file's own.
const entry = fileURLToPath(new URL(`./main${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url));

const recipe: ProgramRecipe = {
  name: "memory hub",
  scheme: "memory",
  arguments: ({ port }) => ["--disable-warning=ExperimentalWarning", entry, String(port)],
  async answers({ port, signal }) {
    const socket = connect({ host: "127.0.0.1", port, signal });
    try {
      await once(socket, "connect");
    } finally {
      socket.on("error", () => {}).destroy();
    }
  },
  portTaken: /EADDRINUSE/,
  startMsMax: 60_000,
  stopMsMax: 1000,
};

/**
 * The memory broker in a process of its own, so that it can be killed and frozen like the others; its data go with it.
 * Rejects with `component-failed` or `aborted`.
 */
export async function startMemoryHub(
  options: Omit<StartOptions, "folder" | "temporary"> = {},
): Promise<RunningProgram> {
  const folder = await mkdtemp(join(tmpdir(), "wirebench-memory-"));
  return await startPrivately(recipe, { ...options, executable: process.execPath, folder, temporary: true });
}
