/** What has to be done on a machine so that everything wirebench measures with is there: a decision, without doing it. */

export const needs = ["haproxy", "redis", "nats", "java", "maven", "kafka"] as const;
export type Need = (typeof needs)[number];

export interface Findings {
  readonly missing: readonly Need[];
  readonly packageManager: "apt" | "brew" | "none";
  /** What it takes to become root without being asked anything. */
  readonly root: "is" | "by-sudo" | "no";
}

export type Step =
  /** A command to run. */
  | { readonly do: "run"; readonly title: string; readonly command: readonly string[] }
  | { readonly do: "resolve-kafka" }
  /** What only the user can do. */
  | { readonly do: "tell"; readonly text: string };

type Packaged = Exclude<Need, "kafka">;

/** Debian's names. `openjdk` is decided on the machine: which versions a release has differs. */
const debianPackages: Readonly<Record<Packaged, string>> = {
  haproxy: "haproxy",
  redis: "redis-server",
  nats: "nats-server",
  java: "openjdk",
  maven: "maven",
};

const brewPackages: Readonly<Record<Packaged, string>> = {
  haproxy: "haproxy",
  redis: "redis",
  nats: "nats-server",
  java: "openjdk@17",
  maven: "maven",
};

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
for package in "$@"; do
  if [ "$package" = openjdk ]; then
    package=default-jre-headless
    if apt-cache show openjdk-17-jre-headless > /dev/null 2>&1; then package=openjdk-17-jre-headless; fi
  fi
  packages="$packages $package"
done
apt-get -q install --yes --no-install-recommends $packages
if [ -d /run/systemd/system ]; then
  for service in "$@"; do
    case "$service" in
      haproxy | redis-server | nats-server) systemctl disable "$service" || true ;;
    esac
  done
fi
`;

export function planSetup({ missing, packageManager, root }: Findings): readonly Step[] {
  const kafka = missing.includes("kafka");
  // Maven is only a way to get Kafka.
  const packaged = missing.filter((need): need is Packaged => need !== "kafka" && (need !== "maven" || kafka));
  const steps: Step[] = [];
  let installed = true;
  if (packaged.length > 0) {
    const install = installStep(packaged, packageManager, root);
    steps.push(install);
    installed = install.do === "run";
  }
  const resolvable = installed || !(missing.includes("java") || missing.includes("maven"));
  if (kafka && resolvable) steps.push({ do: "resolve-kafka" });
  else if (kafka) steps.push({ do: "tell", text: "then, with Java and Maven there, for Kafka: npm run setup" });
  return steps;
}

function installStep(packaged: readonly Packaged[], manager: Findings["packageManager"], root: Findings["root"]): Step {
  if (manager === "brew") {
    return { do: "tell", text: `brew install ${packaged.map((need) => brewPackages[need]).join(" ")}` };
  }
  if (manager === "none") {
    const names = packaged.map((need) => (need === "java" ? "Java 17 or newer" : debianPackages[need]));
    return { do: "tell", text: `install with the package manager of this system: ${names.join(", ")}` };
  }
  const packages = packaged.map((need) => debianPackages[need]);
  if (root === "no") {
    const names = packages.map((name) => (name === "openjdk" ? "openjdk-17-jre-headless" : name));
    return { do: "tell", text: `sudo apt-get install --no-install-recommends ${names.join(" ")}` };
  }
  const shell = ["sh", "-c", debianScript, "wirebench-setup", ...packages];
  const command = root === "is" ? shell : ["sudo", "-n", ...shell];
  return { do: "run", title: `apt-get install ${packages.join(" ")}`, command };
}

/** The major version `java -version` tells; `1.8` counts as 8. */
export function javaMajor(said: string): number | undefined {
  const version = /version "(\d+)(?:\.(\d+))?/.exec(said);
  if (version === null) return undefined;
  const major = Number(version[1]);
  return major === 1 ? Number(version[2]) : major;
}

/** The oldest Java a Kafka 4 broker runs on (kafka.apache.org/documentation/#java). */
export const javaMajorMin = 17;
