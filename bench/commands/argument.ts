import { InvalidArgumentError, type Option } from "commander";
import { WirebenchError } from "../../protocol/errors.ts";
import { named } from "../../protocol/suggestion.ts";

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

/** An option that takes one of some names; `kind` is what they are names of. */
export const choice = (option: Option, kind: string, names: readonly string[]): Option =>
  option.choices(names).argParser(argument((text) => named(kind, text, names, String)));
