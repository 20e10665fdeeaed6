/** From options of the command line to settings of a request. */
import type { SettingName } from "../experiments/contract/request.ts";

/** Which settings an option gives, by the option's name in commander. */
export type SettingOptions<Options> = {
  readonly [Name in keyof Options]?: { readonly flag: string; readonly settings: readonly SettingName[] };
};

/** The preset with what the options say in its place. */
export function withOptions<Options extends object, Settings extends object>(
  preset: Settings,
  table: SettingOptions<Options>,
  options: Options,
): Settings {
  const given = givenOptions(table, options).flatMap(([name, { settings }]) =>
    settings.map((setting) => [setting, options[name]] as const),
  );
  return { ...preset, ...Object.fromEntries(given) };
}

/** For a check that somebody follows them: each setting by the flags that gave it. */
export const givenSettings = <Options extends object>(
  table: SettingOptions<Options>,
  options: Options,
): { flag: string; settings: readonly SettingName[] }[] => givenOptions(table, options).map(([, given]) => given);

function givenOptions<Options extends object>(table: SettingOptions<Options>, options: Options) {
  const names = Object.keys(table) as (keyof Options)[];
  return names.flatMap((name) => (options[name] === undefined ? [] : [[name, table[name]!] as const]));
}
