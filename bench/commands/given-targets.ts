import { parseTarget, type Target } from "../targets/target.ts";

/** The targets of a command line; says on stderr what a short name was taken for. Throws `usage`. */
export function givenTargets(texts: readonly string[]): Target[] {
  return texts.map((text) => {
    const target = parseTarget(text);
    const given = /^[^+@=]*/.exec(text)![0];
    if (given !== target.protocol) process.stderr.write(`${given} is taken for ${target.protocol}\n`);
    return target;
  });
}
