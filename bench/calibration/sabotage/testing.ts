/**
 * For tests: the harness broken on purpose. What is broken in a load generator is broken from outside, by a module that
 * Node loads ahead of the process's own (`--import`), so that nothing that ships knows of it; what is broken in the
 * driver is broken in the test's own process. Each change fails loudly where the code it changes is no longer there.
 */
import fs from "node:fs";
import { registerHooks, syncBuiltinESMExports } from "node:module";
import { isMainThread } from "node:worker_threads";

const variable = "WIREBENCH_TEST_SABOTAGE";

/** A method of a class, replaced by what `broken` makes of it. */
function replace<Owner extends object, Name extends keyof Owner>(
  owner: Owner,
  name: Name,
  broken: (original: Owner[Name]) => Owner[Name],
): () => void {
  const original = owner[name];
  if (typeof original !== "function") throw new Error(`there is no method ${String(name)} to sabotage`);
  owner[name] = broken(original);
  return () => {
    owner[name] = original;
  };
}

type Recording = (delayNs: number, record: (delayNs: number) => void) => void;

/** What is written into every histogram. */
async function eachRecording(broken: Recording): Promise<void> {
  const { LatencyHistogram } = await import("../../../load/recording/latency.ts");
  replace(
    LatencyHistogram.prototype,
    "record",
    (original) =>
      function record(this: InstanceType<typeof LatencyHistogram>, delayNs: number) {
        broken(delayNs, (ns) => original.call(this, ns));
      },
  );
}

/** The text of a module, as it is loaded. */
function edit(module: string, from: RegExp, to: string): void {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.endsWith(module)) return loaded;
      const source = String(loaded.source);
      if (!from.test(source)) throw new Error(`${module} has no ${from} to sabotage`);
      return { ...loaded, source: source.replace(from, to) };
    },
  });
}

const ms = 1e6;

export const inGenerator = {
  "one recording in 10,000 is dropped": () => {
    let recordings = 0;
    return eachRecording((delayNs, record) => {
      if (++recordings % 10_000 !== 0) record(delayNs);
    });
  },
  "messages that are late are not recorded": () =>
    eachRecording((delayNs, record) => {
      if (delayNs < 100 * ms) record(delayNs);
    }),
  "the longest delays are cut": () => eachRecording((delayNs, record) => record(Math.min(delayNs, 300 * ms))),
  "delays are in a unit that is 2 % off": () => eachRecording((delayNs, record) => record(delayNs * 1.02)),
  "a closed loop fills in what it did not send": () =>
    eachRecording((delayNs, record) => {
      for (let missing = delayNs; missing > 0; missing -= 2 * ms) record(missing);
    }),
  "a closed loop's delays are 300 µs longer": () => eachRecording((delayNs, record) => record(delayNs + 0.3 * ms)),
  "the schedule is the time of sending": async () =>
    edit(
      "/load/flows/round-trip.ts",
      /, scheduledNs, this\.#timeline\.nowNs\(\)\)/,
      ", ...[0, 0].fill(this.#timeline.nowNs()))",
    ),
  "messages say that they were sent a millisecond later": async () => {
    const { MessageCodec } = await import("../../../protocol/messages/message.ts");
    for (const name of ["encode", "encodeText"] as const) {
      replace(
        MessageCodec.prototype as Pick<InstanceType<typeof MessageCodec>, typeof name>,
        name,
        (original) =>
          function encode(this: InstanceType<typeof MessageCodec>, kind, window, sequence, scheduledNs, sentNs) {
            // biome-ignore lint/suspicious/noExplicitAny: one of the two returns text and bytes, the other bytes only.
            return original.call(this, kind, window, sequence, scheduledNs, sentNs + 1 * ms) as any;
          },
      );
    }
  },
  "the window is shifted by 50 ms": async () => {
    const { Users } = await import("../../../load/users/users.ts");
    replace(
      Users.prototype,
      "prepare",
      (original) =>
        function prepare(this: InstanceType<typeof Users>, window) {
          return original.call(this, { ...window, startNs: window.startNs + 50 * ms, endNs: window.endNs + 50 * ms });
        },
    );
  },
  "duplicates of a connection are counted once": async () => {
    const { ArrivalLedger } = await import("../../../load/recording/arrivals.ts");
    const counted = Object.getOwnPropertyDescriptor(ArrivalLedger.prototype, "duplicated")!.get!;
    Object.defineProperty(ArrivalLedger.prototype, "duplicated", {
      get() {
        return Math.min(1, counted.call(this));
      },
    });
  },
  "the bytes of one direction are counted twice": async () => {
    const { WireByteCounter } = await import("../../../load/metering/wire-bytes.ts");
    replace(
      WireByteCounter.prototype,
      "read",
      (original) =>
        function read(this: InstanceType<typeof WireByteCounter>) {
          const bytes = original.call(this);
          return { ...bytes, sent: bytes.sent * 2 };
        },
    );
  },
} as const satisfies Record<string, () => Promise<void>>;

export type GeneratorSabotage = keyof typeof inGenerator;

/** Load generators started from now on are broken, until the end of the scope. */
export function sabotageGenerators(name: GeneratorSabotage): Disposable {
  const options = process.env.NODE_OPTIONS;
  process.env[variable] = name;
  process.env.NODE_OPTIONS = `${options ?? ""} --import=${import.meta.url}`;
  return {
    [Symbol.dispose]() {
      delete process.env[variable];
      if (options === undefined) delete process.env.NODE_OPTIONS;
      else process.env.NODE_OPTIONS = options;
    },
  };
}

/** A reading of the file system by this process, as `node:fs` gives it to whoever asks. */
export function sabotageReading<Name extends "readFileSync" | "readdirSync">(
  name: Name,
  broken: (path: string, read: unknown) => unknown,
): Disposable {
  const original = fs[name] as (...args: unknown[]) => unknown;
  const restore = replace(
    fs as Record<string, unknown>,
    name,
    () =>
      (path: unknown, ...rest: unknown[]) =>
        broken(String(path), original(path, ...rest)),
  );
  syncBuiltinESMExports();
  return {
    [Symbol.dispose]() {
      restore();
      syncBuiltinESMExports();
    },
  };
}

/** A method of a class of this process, until the end of the scope. */
export function sabotageMethod<Owner extends object, Name extends keyof Owner>(
  owner: Owner,
  name: Name,
  broken: (original: Owner[Name]) => Owner[Name],
): Disposable {
  return { [Symbol.dispose]: replace(owner, name, broken) };
}

const chosen = process.env[variable];
if (chosen !== undefined && isMainThread && /[/\\]processes[/\\]generator\./.test(process.argv[1] ?? "")) {
  await inGenerator[chosen as GeneratorSabotage]();
}
