/** What is measured: a protocol, the options it is spoken with, and the system that answers. */
import type { Options, OptionTrait, Traits } from "../../protocol/contract.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import { masked } from "../../protocol/secrets.ts";
import { didYouMean } from "../../protocol/suggestion.ts";
import type { TargetInfo } from "../../results/contract/results.ts";
import { programs } from "../../servers/programs/programs.ts";
import { protocolNamed, protocolNames } from "./protocols.ts";

/** What answers: the one place that tells our own server from others. */
export type SystemSpec =
  /** The server this project brings. */
  | { readonly kind: "embedded" }
  /** A real server, started privately for the trial. */
  | { readonly kind: "program"; readonly program: string }
  /** Already running somewhere: it must echo. */
  | { readonly kind: "external"; readonly url: string }
  /** Nodes behind a load balancer, with a broker between them. */
  | { readonly kind: "cluster" };

export interface Target {
  /** As given on the command line, without secrets. */
  readonly label: string;
  readonly protocol: string;
  /** By name, defaults included. */
  readonly options: Options;
  readonly system: SystemSpec;
}

/** Reads `protocol[+option[=value]...][@server]` or `protocol[+option...]=URL`; throws `usage` with what was expected. */
export function parseTarget(text: string): Target {
  const { name, url } = splitUrl(text);
  const { protocol, given, server } = /^(?<protocol>[^+@=]*)(?<given>[^@]*)(?:@(?<server>.*))?$/s.exec(name)!.groups!;
  const { traits } = protocolNamed(protocol!).server;
  const options = parseOptions(traits, given!, { server, url });
  return {
    protocol: traits.name,
    options,
    ...systemOf(traits.name + text.slice(protocol!.length), traits, server, url),
  };
}

/** Without options, whatever follows `=` is meant as a URL; with them, only what begins like one. */
function splitUrl(text: string): { name: string; url?: string } {
  const parts = /^([^+=]*)=(.*)$/s.exec(text) ?? /^(.*?)=([a-z][a-z0-9.-]*:.*)$/s.exec(text);
  return parts === null ? { name: text } : { name: parts[1]!, url: parts[2]! };
}

function systemOf(
  text: string,
  traits: Traits,
  server: string | undefined,
  url: string | undefined,
): Pick<Target, "label" | "system"> {
  if (server !== undefined) {
    if (url !== undefined) throw new WirebenchError("usage", `expected a server or a URL, got both in "${text}"`);
    return { label: text, system: { kind: "program", program: serverNamed(server, traits) } };
  }
  if (url === undefined) return { label: text, system: { kind: "embedded" } };
  if (!URL.canParse(url) || !traits.schemes.includes(new URL(url).protocol) || new URL(url).hostname === "") {
    const expected = traits.schemes.map((scheme) => `${scheme}//HOST:PORT/`).join(" or ");
    throw new WirebenchError("usage", `expected ${traits.name}=URL with a URL like ${expected}, got "${url}"`);
  }
  return { label: masked(text), system: { kind: "external", url } };
}

/** The name of a program that serves the protocol. */
function serverNamed(name: string, { name: protocol }: Traits): string {
  const known = programs.filter(({ serves = {} }) => protocol in serves).map((program) => program.name);
  if (known.includes(name)) return name;
  const others = known.length === 0 ? "" : `; others are ${known.join(", ")}`;
  throw new WirebenchError(
    "usage",
    `${protocol} has no server "${name}": ${didYouMean(name, known)}leave @${name} out for the embedded one${others}`,
  );
}

/** `+name` or `+name=value`, as often as there are options. */
function parseOptions(
  { name: protocol, options: known = [] }: Traits,
  given: string,
  { server, url }: { readonly server: string | undefined; readonly url: string | undefined },
): Options {
  const chosen: Record<string, string> = defaultOptions(known);
  if (given !== "" && !given.startsWith("+")) {
    throw new WirebenchError(
      "usage",
      `expected ${protocol}+OPTION=VALUE or ${protocol}=URL, got "${protocol}${given}"`,
    );
  }
  for (const part of given.split("+").slice(1)) {
    const [name, value = ""] = part.split(/=(.*)/s);
    const option = known.find((candidate) => candidate.name === name);
    if (option === undefined) {
      const others = known.map((candidate) => candidate.name).join(", ");
      const guess = didYouMean(
        name!,
        known.map((candidate) => candidate.name),
      );
      throw new WirebenchError(
        "usage",
        `${protocol} has no option "${name}"${known.length === 0 ? ", and no others" : `: ${guess}it has ${others}`}`,
      );
    }
    if (url !== undefined && option.notWithUrl !== undefined) {
      throw new WirebenchError("usage", `leave +${name} out of ${protocol}=URL: ${option.notWithUrl}`);
    }
    if ((url ?? server) !== undefined && option.ownServerOnly !== undefined) {
      throw new WirebenchError("usage", `leave +${name} out of a target with another server: ${option.ownServerOnly}`);
    }
    chosen[option.name] = option.parse(value);
  }
  refuseContradictions(protocol, known, chosen);
  return chosen;
}

function refuseContradictions(protocol: string, known: readonly OptionTrait[], chosen: Options): void {
  for (const { name, excludes = {} } of known) {
    const [other, reason] = Object.entries(excludes).find(([excluded]) => excluded in chosen) ?? [];
    if (name in chosen && other !== undefined) {
      throw new WirebenchError("usage", `leave +${name} or +${other} out of ${protocol}: ${reason}`);
    }
  }
}

const defaultOptions = (known: readonly OptionTrait[]): Record<string, string> =>
  Object.fromEntries(known.flatMap(({ name, default: value }) => (value === undefined ? [] : [[name, value]])));

/** The embedded server of a protocol, with its default options. */
export const embeddedTarget = (protocol: string): Target => parseTarget(protocol);

/** The same target with another value of an option, where its protocol has that; undefined where it has not. */
export function withOption(target: Target, name: string, value: string): Target | undefined {
  const option = (traitsOf(target).options ?? []).find((candidate) => candidate.name === name);
  return option && { ...target, options: { ...target.options, [name]: option.parse(value) } };
}

export const traitsOf = ({ protocol }: Target): Traits => protocolNamed(protocol).server.traits;

/** Longest time a message waits by the protocol's own clock, in milliseconds. */
export const deliveryFloorMs = (target: Target): number => traitsOf(target).deliveryFloorMs?.(target.options) ?? 0;

/** What a report needs to know of a target. */
export function describeTarget(target: Target): TargetInfo {
  const traits = traitsOf(target);
  const { title, summary, specification, uplink, downlink, framing, provides, floor = false } = traits;
  const { options: known = [] } = traits;
  const spoken = known.flatMap((option) => {
    const value = target.options[option.name];
    return value === undefined ? [] : [option.title(value)];
  });
  const ownServer = target.system.kind === "embedded" || target.system.kind === "cluster";
  const returnPath = traits.returnPath?.[ownServer ? "ours" : "others"];
  const system =
    target.system.kind === "external" ? ({ kind: "external", url: masked(target.system.url) } as const) : target.system;
  // A bare protocol is called by its title; whatever else was said on the command line stays in the name.
  const name =
    target.system.kind === "external"
      ? target.label
      : target.system.kind === "program"
        ? `${title} on ${target.system.program}`
        : title;
  return {
    label: target.label,
    title: [name, ...spoken].join(" "),
    protocol: target.protocol,
    options: { ...target.options },
    system,
    summary,
    specification,
    ...(returnPath !== undefined && { returnPath }),
    uplink,
    downlink,
    framing,
    ...(provides && { provides: [...provides] }),
    floor,
    deliveryFloorMs: deliveryFloorMs(target),
    position: protocolNames.indexOf(target.protocol),
  };
}
