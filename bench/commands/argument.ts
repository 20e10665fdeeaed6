import { InvalidArgumentError } from "commander";
import { WirebenchError } from "../../protocol/errors.ts";

/** Makes a parser name the option whose argument it could not read, as commander does. */
export const argument =
  <T>(parse: (text: string) => T): ((text: string) => T) =>
  (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof WirebenchError) throw new InvalidArgumentError(`${error.message}.`);
      throw error;
    }
  };
