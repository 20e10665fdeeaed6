/** What has to be done on a machine so that everything wirebench measures with is there: a decision, without doing it. */
import type { Fetch, Program } from "./program.ts";

export interface Findings {
  readonly missing: readonly Program[];
  readonly packageManager: "apt" | "brew" | "none";
  /** What it takes to become root without being asked anything. */
  readonly root: "is" | "by-sudo" | "no";
}

export type Step =
  /** A command to run. */
  | { readonly do: "run"; readonly title: string; readonly command: readonly string[] }
  | { readonly do: "fetch"; readonly fetch: Fetch }
  /** What only the user can do. */
  | { readonly do: "tell"; readonly text: string };

/**
 * Installs `$@` and leaves no service of theirs running or enabled: Debian starts servers as they are installed, and
 * ours are started privately. Only packages that were missing are named, so no service that ran before is touched.
 */
export const debianScript = `set -eu
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' HUP INT TERM
  printf '#!/bin/sh\\n# Put here by the setup of wirebench, for as long as it installs.\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
fi
apt-get -q update
packages=
for choice in "$@"; do
  package=\${choice##*|}
  if apt-cache show "\${choice%%|*}" > /dev/null 2>&1; then package=\${choice%%|*}; fi
  packages="$packages $package"
done
apt-get -q install --yes --no-install-recommends $packages
if [ -d /run/systemd/system ]; then
  for package in $packages; do
    if systemctl cat "$package" > /dev/null 2>&1; then systemctl disable "$package" || true; fi
  done
fi
`;

/** Of these programs those in use, each after what it needs and what it is fetched with. */
export function programsToSetUp(programs: readonly Program[]): readonly Program[] {
  const used = programs.filter((program) => program.used);
  return [...new Set(used.flatMap((each) => [...(each.needs ?? []), ...(each.install.fetch?.tools ?? []), each]))];
}

/** A tool is wanted only as long as what is fetched with it is missing. */
export function isWanted(program: Program, missing: readonly Program[]): boolean {
  return program.used || missing.some(({ install: { fetch } }) => fetch?.tools.includes(program));
}

export function planSetup({ missing, packageManager, root }: Findings): readonly Step[] {
  const packaged = missing.filter((each) => each.install.fetch === undefined && isWanted(each, missing));
  const steps: Step[] = packaged.length > 0 ? [installStep(packaged, packageManager, root)] : [];
  const installed = steps.every((step) => step.do === "run");
  for (const { name, needs = [], install } of missing) {
    if (install.fetch === undefined) continue;
    const before = [...needs, ...install.fetch.tools];
    const names = before.map((each) => each.name).join(" and ");
    if (installed || !before.some((each) => missing.includes(each))) steps.push({ do: "fetch", fetch: install.fetch });
    else steps.push({ do: "tell", text: `then, with ${names} there, for ${name}: npm run setup` });
  }
  return steps;
}

function installStep(packaged: readonly Program[], manager: Findings["packageManager"], root: Findings["root"]): Step {
  const packagesOf = (kind: "apt" | "brew"): string[] => packaged.flatMap(({ install }) => install[kind] ?? []);
  if (manager === "brew") return { do: "tell", text: `brew install ${packagesOf("brew").join(" ")}` };
  if (manager === "none") {
    const names = packaged.map(({ install: { apt = [], how } }) => how ?? apt.join(", "));
    return { do: "tell", text: `install with the package manager of this system: ${names.join(", ")}` };
  }
  const packages = packagesOf("apt");
  const names = packages.map((choice) => choice.split("|")[0]).join(" ");
  if (root === "no") return { do: "tell", text: `sudo apt-get install --no-install-recommends ${names}` };
  const shell = ["sh", "-c", debianScript, "wirebench-setup", ...packages];
  return { do: "run", title: `apt-get install ${names}`, command: root === "is" ? shell : ["sudo", "-n", ...shell] };
}
