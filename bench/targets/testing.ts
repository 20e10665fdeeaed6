/** What tests ask of the registry. */
import type { Options, Protocol } from "../../protocol/contract.ts";
import { tls } from "../../protocol/options/tls.ts";
import { describeTarget, parseTarget } from "./target.ts";

/** Every way a protocol speaks TLS, by the options of such a target; none where it has no such option. */
export function securedTargets({ server: { traits } }: Protocol): { title: string; options: Options }[] {
  const option = traits.options?.find(({ name }) => name === tls.name);
  const modes = option === undefined ? [] : ["", "starttls"].filter((mode) => isTaken(() => option.parse(mode)));
  return modes.map((mode) => {
    const target = parseTarget(`${traits.name}+${tls.name}${mode === "" ? "" : `=${mode}`}`);
    return { title: describeTarget(target).title, options: target.options };
  });
}

function isTaken(parse: () => void): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}
