import type { Options, OptionTrait } from "../contract.ts";
import { WirebenchError } from "../errors.ts";

const on = "on";

/** An option that has no values: a target names it or leaves it out. */
export const switchOption = (said: Omit<OptionTrait, "parse" | "title"> & { readonly title: string }): OptionTrait => ({
  ...said,
  parse(text) {
    if (text === "" || text === on) return on;
    throw new WirebenchError("usage", `expected +${said.name}, got "+${said.name}=${text}"`);
  },
  title: () => said.title,
});

/** Whether a target names the option. */
export const isOn = ({ name }: OptionTrait, options: Options | undefined): boolean => options?.[name] === on;
