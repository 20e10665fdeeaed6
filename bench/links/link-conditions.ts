/** `--link`: what a way between users and server is like, in words of the command line. */
import { WirebenchError } from "../../protocol/errors.ts";
import { didYouMean, named } from "../../protocol/suggestion.ts";
import { parseDurationMs, parsePercent } from "../../protocol/units.ts";
import type { LinkConditions } from "../../results/contract/link.ts";

/**
 * Round figures of what such access is like, as browsers' developer tools and load tools use them, and no measurement of any
 * network. `lan`: a switch. `dsl`: 50/10 Mbit/s. `4g`: a phone in a city. `3g`: the "Regular 3G" of developer tools. `satellite`:
 * geostationary, 35,786 km up, so that light alone takes 477 ms there and back twice.
 */
export const namedLinks: Readonly<Record<string, LinkConditions>> = {
  lan: { rttMs: 1 },
  dsl: { rttMs: 25, jitterMs: 2, downBitsPerSecond: 50e6, upBitsPerSecond: 10e6 },
  "4g": { rttMs: 60, jitterMs: 8, downBitsPerSecond: 20e6, upBitsPerSecond: 8e6, lossShare: 0.002 },
  "3g": { rttMs: 150, jitterMs: 25, downBitsPerSecond: 1.6e6, upBitsPerSecond: 0.75e6, lossShare: 0.01 },
  satellite: { rttMs: 600, jitterMs: 10, downBitsPerSecond: 25e6, upBitsPerSecond: 3e6, lossShare: 0.005 },
};

const units: Readonly<Record<string, number>> = { bit: 1, kbit: 1e3, mbit: 1e6, gbit: 1e9 };

/** `10mbit` in bits per second. */
function parseBitsPerSecond(text: string): number {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)([kmg]?bit)$/i.exec(text) ?? [];
  const bits = Number(number) * (units[unit.toLowerCase()] ?? Number.NaN);
  if (bits > 0) return bits;
  throw new WirebenchError("usage", `expected bits per second with their unit, e.g. 10mbit or 500kbit, got "${text}"`);
}

/** What may be said, by its word. */
const parts = {
  rtt: (text: string) => ({ rttMs: parseDurationMs(text) }),
  jitter: (text: string) => ({ jitterMs: parseDurationMs(text) }),
  down: (text: string) => ({ downBitsPerSecond: parseBitsPerSecond(text) }),
  up: (text: string) => ({ upBitsPerSecond: parseBitsPerSecond(text) }),
  loss: (text: string) => ({ lossShare: parsePercent(text) }),
  by: (text: string) => ({ by: named("emulator", text, ["netem"] as const, (name) => name) }),
} as const satisfies Record<string, (text: string) => Partial<LinkConditions>>;

/**
 * `4g`, `rtt=80ms,down=10mbit` or a name with other values: `4g,rtt=120ms`. Throws `usage` with what was expected.
 */
export function parseLink(text: string): LinkConditions {
  const [first = "", ...others] = text.split(",").map((part) => part.trim());
  const base = first.includes("=") ? undefined : namedLinks[first];
  if (base === undefined && !first.includes("=")) {
    const names = Object.keys(namedLinks);
    const known = `one of ${names.join(", ")}, or conditions like rtt=80ms,down=10mbit`;
    throw new WirebenchError("usage", `unknown link "${text}": ${didYouMean(first, names)}expected ${known}`);
  }
  const said = (base === undefined ? [first, ...others] : others).map(partOf);
  const changed = Object.assign({}, ...said) as Partial<LinkConditions>;
  const conditions: LinkConditions = { rttMs: 0, ...base, ...changed };
  const { rttMs, jitterMs = 0 } = conditions;
  if (jitterMs > rttMs / 2) {
    throw new WirebenchError(
      "usage",
      `expected a jitter of at most half the round-trip time, ${rttMs / 2} ms, got ${jitterMs} ms`,
    );
  }
  if (conditions.by !== undefined) refuseUnlikeKernel(conditions);
  return said.length === 0 ? { name: first, ...conditions } : conditions;
}

/** It would let packets overtake each other, and it knows one line, not two. */
function refuseUnlikeKernel({ jitterMs, downBitsPerSecond, upBitsPerSecond }: LinkConditions): void {
  if (jitterMs === undefined && downBitsPerSecond === undefined && upBitsPerSecond === undefined) return;
  throw new WirebenchError("usage", "expected rtt= and loss= only with by=netem, got jitter or bandwidth", {
    hint: "leave out by=netem: a relay has both",
  });
}

function partOf(part: string): Partial<LinkConditions> {
  const [word, value = ""] = part.split(/=(.*)/s) as [string, string?];
  const parse = parts[word as keyof typeof parts];
  if (parse !== undefined) return parse(value);
  const known = Object.keys(parts).map((name) => `${name}=`);
  throw new WirebenchError("usage", `expected ${known.join(", ")} in a link, got "${part}"`);
}
