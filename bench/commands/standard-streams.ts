/** What every line on stdout and stderr goes through. */
import { masked } from "../../protocol/secrets.ts";

/** From now on nothing secret is printed, and a reader that has seen enough (`wirebench list | head -1`) ends nothing. */
export function guardStreams(): void {
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream) as (chunk: unknown, ...rest: unknown[]) => boolean;
    stream.write = (chunk: unknown, ...rest: unknown[]) =>
      write(typeof chunk === "string" ? masked(chunk) : chunk, ...rest);
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
}
