/** Sees to it that what a driver started ends with the driver, even if that is killed with SIGKILL. */
import { type ChildProcess, spawn } from "node:child_process";

/**
 * A shell that reads lines until its standard input ends, which the kernel brings about when the driver is gone, by
 * whatever way. The last line lists what to kill then, process groups with a minus as kill(1) has them; `$1` is a folder to remove, or
 * empty.
 */
const script = `
guarded=
while read -r line; do guarded=$line; done
for each in $guarded; do kill -s KILL -- "$each"; done
[ -n "$1" ] || exit 0
for try in 1 2 3 4 5 6 7 8 9 10; do
  alive=
  for each in $guarded; do kill -s 0 -- "$each" && alive=yes; done
  [ -n "$alive" ] || break
  sleep 0.1
done
rm -rf -- "$1"
`;

/**
 * A pipe works on every POSIX system and for whole process groups; `prctl(PR_SET_PDEATHSIG)` (`setpriv --pdeathsig`)
 * is only on Linux, is bound to the thread that forked, and reaches no grandchildren such as HAProxy's workers.
 */
export class Watchdog {
  readonly #shell: ChildProcess;
  readonly #guarded = new Set<number>();

  /** `folder` is removed with everything in it when the driver dies before `end`. */
  constructor(folder = "") {
    // A session of its own, so that neither Ctrl-C nor a kill of the driver's process group takes it along.
    this.#shell = spawn("/bin/sh", ["-c", script, "wirebench-watchdog", folder], {
      stdio: ["pipe", "ignore", "ignore"],
      cwd: "/",
      detached: true,
    });
    // Without a shell there is no watchdog, but everything else works.
    this.#shell.on("error", () => {});
    this.#shell.stdin?.on("error", () => {});
    this.#shell.unref();
  }

  /** From now on the group dies with the driver. */
  guard(group: number): void {
    this.#guarded.add(-group);
    this.#tell();
  }

  /** The same for one process of a group that others belong to. */
  guardProcess(pid: number): void {
    this.#guarded.add(pid);
    this.#tell();
  }

  /** It is gone, or can end by itself. */
  releaseProcess(pid: number): void {
    if (this.#guarded.delete(pid)) this.#tell();
  }

  /** The group is gone: its number may soon be another's. */
  release(group: number): void {
    this.#guarded.delete(-group);
    this.#tell();
  }

  /** Nothing is left to guard. Idempotent. */
  end(): void {
    this.#shell.kill("SIGKILL");
    this.#shell.stdin?.destroy();
  }

  #tell(): void {
    this.#shell.stdin?.write(`${[...this.#guarded].join(" ")}\n`);
  }
}
