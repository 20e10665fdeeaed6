/** What tests ask of the registry. */
import type { Options, Protocol, Traits } from "../../protocol/contract.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import { heartbeatName } from "../../protocol/options/heartbeat.ts";
import { tls } from "../../protocol/options/tls.ts";
import { describeTarget, parseTarget, type Target } from "./target.ts";

/** A way to speak a protocol. */
export interface Spoken {
  readonly title: string;
  readonly options: Options;
}

const tlsModes = [`+${tls.name}`, `+${tls.name}=starttls`];

/**
 * Without options, and with each option that needs no value; in clear, and by every kind of TLS it has. A heartbeat is a timer
 * above all that, so that once is enough.
 */
export function spokenTargets({ server: { traits } }: Protocol): readonly Spoken[] {
  const names = (traits.options ?? []).map(({ name }) => name).filter((name) => name !== tls.name);
  const alone = ["", ...names.map((name) => `+${name}`)];
  return spoken(
    traits,
    alone.flatMap((option) => ["", ...(option === `+${heartbeatName}` ? [] : tlsModes)].map((mode) => option + mode)),
  );
}

/** By every kind of TLS it has, and without other options. */
export const securedTargets = ({ server: { traits } }: Protocol): readonly Spoken[] => spoken(traits, tlsModes);

const spoken = ({ name }: Traits, given: readonly string[]): readonly Spoken[] =>
  given.flatMap((options) => {
    const target = targetOf(name + options);
    return target === undefined ? [] : [{ title: describeTarget(target).title, options: target.options }];
  });

/** Undefined for what there is not. */
function targetOf(text: string): Target | undefined {
  try {
    return parseTarget(text);
  } catch (error) {
    if (error instanceof WirebenchError && error.code === "usage") return undefined;
    throw error;
  }
}
