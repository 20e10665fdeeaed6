import type { Options, OptionTrait } from "../contract.ts";
import { WirebenchError } from "../errors.ts";
import { parseCount } from "../units.ts";

/** RFC 5802 section 5.1 and RFC 7677 section 4 ask for as many: fewer make it cheap to guess what was overheard. */
export const scramIterationsMin = 4096;
/** Work a server may ask of a client: a second or so of a core. */
export const scramIterationsMax = 1_000_000;

/** How often SCRAM hashes a password (RFC 5802 section 5.1): what makes it dear to guess, and to log in. */
export const scramIterations: OptionTrait = {
  name: "scram-iterations",
  summary: `rounds of PBKDF2 in a login with SCRAM, from ${scramIterationsMin}`,
  parse(text) {
    const count = parseCount(text, scramIterationsMin);
    if (count <= scramIterationsMax) return String(count);
    throw new WirebenchError("usage", `expected at most ${scramIterationsMax} SCRAM iterations, got ${count}`);
  },
  title: (value) => `with ${value} SCRAM iterations`,
};

/** Of a server with these options. */
export const scramIterationsOf = (options: Options | undefined): number =>
  Number(options?.[scramIterations.name] ?? scramIterationsMin);
