import type { Options, OptionTrait } from "../contract.ts";
import { WirebenchError } from "../errors.ts";
import { parseCount } from "../units.ts";

/** RFC 5802 section 5.1 and RFC 7677 section 4 ask for at least so many. */
const iterationsMin = 4096;
/** Clients refuse more: a second or so of a core. */
const iterationsMax = 1_000_000;

/** How often SCRAM hashes a password (RFC 5802 section 5.1): what makes it dear to guess, and to log in. */
export const scramIterations: OptionTrait = {
  name: "scram-iterations",
  summary: `rounds of PBKDF2 in a login with SCRAM, from ${iterationsMin}`,
  parse(text) {
    const count = parseCount(text, iterationsMin);
    if (count <= iterationsMax) return String(count);
    throw new WirebenchError("usage", `expected at most ${iterationsMax} SCRAM iterations, got ${count}`);
  },
  title: (value) => `with ${value} SCRAM iterations`,
};

/** Of a server with these options. */
export const scramIterationsOf = (options: Options | undefined): number =>
  Number(options?.[scramIterations.name] ?? iterationsMin);
