/** Profiles that come with the package: files of the same format as anybody's. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describeError, WirebenchError } from "../../protocol/errors.ts";
import { didYouMean } from "../../protocol/suggestion.ts";
import type { Profile } from "../../results/contract/profile.ts";
import { packageFolder } from "../environment/package-folder.ts";
import { type ProfileFile, parseProfile } from "./profile-file.ts";

const folder = join(packageFolder, "profiles");
const ending = ".yaml";

/** Their names, sorted. */
export const shippedNames = (): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
    .sort();

/** The traffic of one that ships. */
export const shippedProfile = (name: string): Profile => readProfile(name).profile;

/** One that ships by its name, or a file by its path. Throws `usage`. */
export function readProfile(nameOrPath: string): ProfileFile {
  const names = shippedNames();
  if (names.includes(nameOrPath)) return readFile(join(folder, `${nameOrPath}${ending}`), `${nameOrPath}${ending}`);
  if (/[./\\]/.test(nameOrPath)) return readFile(nameOrPath, nameOrPath);
  const guess = didYouMean(nameOrPath, names);
  const expected = `one of ${names.join(", ")} or a file like ./mine${ending}`;
  throw new WirebenchError("usage", `unknown profile "${nameOrPath}": ${guess}expected ${expected}`);
}

function readFile(path: string, name: string): ProfileFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new WirebenchError("usage", `cannot read the profile ${name}: ${describeError(error)}`);
  }
  return parseProfile(text, name);
}
