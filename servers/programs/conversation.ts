/** A question to a program that speaks lines of text: whether it answers, and what. */
import { connect } from "node:net";
import type { ProgramPlace } from "./private-program.ts";

const answerCharactersMax = 64 * 1024;

/**
 * Sends `question` on a fresh connection; resolves with the answer when everything of `expected` was in it, rejects as
 * soon as `refusal` is, or the connection ends.
 */
export async function converse(
  { port, signal, address: host = "127.0.0.1" }: Pick<ProgramPlace, "port" | "signal"> & { readonly address?: string },
  question: string,
  expected: readonly RegExp[],
  refusal?: RegExp,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ host, port, signal });
  let answer = "";
  socket.setEncoding("utf8").on("data", (text: string) => {
    answer += text;
    if (expected.every((part) => part.test(answer))) resolve(answer);
    else if (refusal?.test(answer)) reject(new Error("refused"));
    else if (answer.length > answerCharactersMax) reject(new Error("another answer than expected"));
  });
  socket.on("error", reject);
  socket.once("close", () => reject(new Error("closed without the expected answer")));
  socket.write(question);
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}
