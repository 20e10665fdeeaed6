/**
 * A profile as a file: an application as traffic, in words people write. YAML, of which JSON is a part. A mistake is told
 * with its line, its field, what was given and what was expected.
 */
import { isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { defaultLimits } from "../../protocol/contract.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import { payloadBytesMin } from "../../protocol/messages/message.ts";
import { provisions } from "../../protocol/provisions.ts";
import { didYouMean, named } from "../../protocol/suggestion.ts";
import { parseBytes, parseCount, parseDurationMs, parsePercent } from "../../protocol/units.ts";
import type { LinkConditions } from "../../results/contract/link.ts";
import { directions, type Profile } from "../../results/contract/profile.ts";
import { parseLink } from "../links/link-conditions.ts";
import { defaultWeights, parseWeight } from "./weights.ts";

/** What a file says, and how it asks to be measured. */
export interface ProfileFile {
  readonly profile: Profile;
  /** Absent: loopback. */
  readonly link?: LinkConditions;
  readonly tls: boolean;
  /** Of clients that ask by the clock, as the option of a target has it. */
  readonly pollInterval?: string;
}

const perSecond: Readonly<Record<string, number>> = { s: 1, min: 1 / 60, h: 1 / 3600 };

/** `2/min` in messages per second. Throws `usage`. */
export function parseUserRate(text: string): number {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)\/(s|min|h)$/.exec(text) ?? [];
  const rate = Number(number) * perSecond[unit]!;
  if (rate > 0) return rate;
  throw new WirebenchError("usage", `expected messages of one user, e.g. 2/min, 0.5/s or 10/h, got "${text}"`);
}

/** A scalar read by a parser of the command line, whose error becomes that of the field. */
const read = <T>(expected: string, parse: (text: string) => T) =>
  z.unknown().transform((given, context): T => {
    const fail = (message: string): never => {
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    };
    if (given === undefined || given === null) return fail(`expected ${expected}, got nothing`);
    if (typeof given === "object")
      return fail(`expected ${expected}, got ${Array.isArray(given) ? "a list" : "a map"}`);
    try {
      return parse(String(given));
    } catch (error) {
      if (error instanceof WirebenchError) return fail(error.message);
      throw error;
    }
  });

const share = (text: string): number => {
  const found = text === "0%" ? 0 : parsePercent(text);
  if (found < 1) return found;
  throw new WirebenchError("usage", `expected less than 100%, since somebody must send, got "${text}"`);
};

function payload(text: string): number {
  const bytes = parseBytes(text);
  if (bytes >= payloadBytesMin && bytes <= defaultLimits.payloadBytesMax) return bytes;
  const range = `from ${payloadBytesMin}B (a message carries its number and its times) to 1MiB`;
  throw new WirebenchError("usage", `expected a payload ${range}, got "${text}"`);
}

const oneOf =
  (kind: string, names: readonly string[]) =>
  (text: string): string =>
    named(kind, text, names, String);

const parsedBy =
  <T>(parse: (text: string) => T) =>
  (
    text: string,
    context: { addIssue(issue: { code: "custom"; message: string; path: string[] }): void },
  ): T | undefined => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof WirebenchError)) throw error;
      context.addIssue({ code: "custom", message: error.message, path: [text] });
      return undefined;
    }
  };

const sizes = z.record(z.string(), read("a share, e.g. 70%", parsePercent)).transform((given, context) => {
  const found = Object.entries(given).map(([size, share]) => ({ bytes: parsedBy(payload)(size, context)!, share }));
  const total = found.reduce((sum, size) => sum + size.share, 0);
  if (Math.abs(total - 1) > 0.001) {
    context.addIssue({
      code: "custom",
      message: `expected shares that add up to 100%, got ${Number((total * 100).toFixed(2))}%`,
    });
  }
  return found;
});

const flow = z
  .strictObject({ rate: read("messages of one user, e.g. 2/min", parseUserRate), sizes })
  .transform((given) => ({ perUserSecond: given.rate, sizes: given.sizes }));

const weights = z.record(z.string(), z.unknown()).transform((given, context) => {
  const read = Object.entries(given).map(([name, value]) => {
    const weight = parsedBy(() => parseWeight(name, String(value)));
    return [name, weight(name, context)];
  });
  return { ...defaultWeights, ...Object.fromEntries(read) };
});

const schema = z
  .strictObject({
    title: read("a title", String),
    users: read("users connected at once, e.g. 10000 or 10k", parseCount),
    up: flow.optional(),
    down: flow.optional(),
    fanOut: read("to how many users an update goes, e.g. 20", parseCount).optional(),
    session: read("how long a user stays, e.g. 30m", parseDurationMs),
    idle: read("a share of the session, e.g. 80%", share).optional(),
    feels: read("the direction whose delay the user feels", oneOf("direction", directions)),
    needs: z.array(read("what an application needs", oneOf("need", provisions))).optional(),
    link: read("a link", parseLink).optional(),
    tls: z.boolean().optional(),
    pollInterval: read("a duration, e.g. 1s", (text) => {
      parseDurationMs(text);
      return text;
    }).optional(),
    weights: weights.optional(),
  })
  .superRefine((given, context) => {
    const fail = (field: string, message: string): void => context.addIssue({ code: "custom", path: [field], message });
    const felt = given.feels === "up" ? given.up : given.down;
    if (felt === undefined) fail("feels", `expected a direction in which something is sent, got "${given.feels}"`);
    if ((given.fanOut ?? 1) > given.users) {
      fail("fanOut", `expected at most all ${given.users} users, got ${given.fanOut}`);
    }
  });

/** Reads the text of a profile; `name` is that of the file, for the error. Throws `usage`. */
export function parseProfile(text: string, name: string): ProfileFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [broken] = document.errors;
  if (broken !== undefined) {
    const line = lines.linePos(broken.pos[0]).line;
    throw new WirebenchError("usage", `${name}, line ${line}: expected YAML, got ${firstSentence(broken.message)}`);
  }
  if (!isMap(document.contents)) {
    throw new WirebenchError(
      "usage",
      `${name}, line 1: expected the fields of a profile, got ${text.trim() === "" ? "nothing" : "something else"}`,
    );
  }
  const result = schema.safeParse(document.toJS());
  if (result.success) return fileOf(result.data);
  const { issues } = result.error;
  // What is missing may be there under a name that is not known.
  const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0]!;
  const path = issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0]!] : issue.path;
  const line = lineOf(document, path, lines);
  throw new WirebenchError(
    "usage",
    `${name}, line ${line}, ${path.join(".")}: ${inWords(issue, document.getIn(path))}`,
  );
}

/** What zod says, in the words of the command line. */
function inWords(issue: z.core.$ZodIssue, given: unknown): string {
  if (issue.code === "custom") return issue.message;
  const got = given === undefined ? "nothing" : isNode(given) ? "a list or a map" : JSON.stringify(given);
  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(issue.path.length === 0 ? schema.shape : { rate: 0, sizes: 0 });
    return `unknown field: ${didYouMean(issue.keys[0]!, known)}expected one of ${known.join(", ")}`;
  }
  if (issue.code === "invalid_type") {
    const expected =
      issue.path.at(-1) === "sizes" ? "a map of sizes to shares, e.g. {120B: 70%, 1KiB: 30%}" : issue.expected;
    return `expected ${expected === "record" || expected === "object" ? "a map" : expected}, got ${got}`;
  }
  return `${issue.message}, got ${got}`;
}

/** Of the field, or where it is missing of the one around it. */
function lineOf(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[], lines: LineCounter): number {
  for (let depth = path.length; depth > 0; depth--) {
    const parent = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true);
    if (!isMap(parent)) {
      const item = document.getIn(path.slice(0, depth), true);
      if (isNode(item) && item.range) return lines.linePos(item.range[0]).line;
      continue;
    }
    const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(path[depth - 1]));
    if (pair !== undefined && isScalar(pair.key) && pair.key.range) return lines.linePos(pair.key.range[0]).line;
  }
  return 1;
}

const firstSentence = (text: string): string => text.split(/\n| at line /)[0]!;

function fileOf(given: z.infer<typeof schema>): ProfileFile {
  const { title, users, up, down, fanOut = 1, session, idle = 0, feels, needs = [], weights = defaultWeights } = given;
  const profile = {
    title,
    users,
    ...(up && { up }),
    ...(down && { down }),
    fanOut,
    sessionMs: session,
    idleShare: idle,
    feels: feels as Profile["feels"],
    needs: needs as Profile["needs"],
    weights,
  };
  const { link, tls = false, pollInterval } = given;
  return { profile, tls, ...(link && { link }), ...(pollInterval !== undefined && { pollInterval }) };
}
