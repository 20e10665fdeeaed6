/** A child process for tests of the calls themselves: it answers when it is told to, fails as told, and says what it is told. */
import { type ErrorCode, WirebenchError } from "../../../protocol/errors.ts";
import { announce, answerCalls } from "./remote.ts";

const held = new Map<string, PromiseWithResolvers<string>>();

const api = {
  /** Answered with its argument after `release` of the same. */
  hold(name: string): Promise<string> {
    held.set(name, Promise.withResolvers());
    return held.get(name)!.promise;
  },
  async release(name: string): Promise<void> {
    held.get(name)!.resolve(name);
  },
  async fail({ code, message }: { code?: ErrorCode; message: string }): Promise<never> {
    throw code === undefined ? new Error(message) : new WirebenchError(code, message);
  },
  async say(words: readonly string[]): Promise<void> {
    for (const word of words) announce<ObedientEvents>("said", word);
  },
  /** The argument as it arrived, in words. */
  argument: async (argument: unknown): Promise<string> => String(argument),
  /** JSON does not know what this answers. */
  unsendable: async (): Promise<bigint> => 1n,
  async exit({ code, lastWords }: { code: number; lastWords: string }): Promise<never> {
    process.stderr.write(lastWords);
    process.exit(code);
  },
};

export type ObedientApi = typeof api;

export type ObedientEvents = { said: string };

answerCalls(api);
