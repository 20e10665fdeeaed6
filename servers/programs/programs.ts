/** Real components, ready to use: one the user already runs, or a private one on loopback. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WirebenchError } from "../../protocol/errors.ts";
import { addressOf, type Component, componentNamed, findJava, requireProgram } from "./components.ts";
import { startKafka } from "./kafka.ts";
import { startNats } from "./nats.ts";
import { startRedis } from "./redis.ts";
import type { ProgramOptions, RunningProgram } from "./running-program.ts";

interface Startable {
  readonly scheme: string;
  /** `found` is what `findProgram` gave. */
  readonly start: (found: string, options: Omit<ProgramOptions, "executable">) => Promise<RunningProgram>;
}

const startables: Readonly<Record<string, Startable>> = {
  redis: { scheme: "redis", start: (executable, options) => startRedis({ ...options, executable }) },
  nats: { scheme: "nats", start: (executable, options) => startNats({ ...options, executable }) },
  kafka: {
    scheme: "kafka",
    start: (libraries, options) =>
      startKafka({ ...options, executable: findJava() ?? "java", classPath: join(libraries, "*") }),
  },
};

/**
 * Resolves with a component that answers: where the environment gives an address (`REDIS_URL`, `NATS_URL`,
 * `KAFKA_BROKERS`) the one that runs there, unchecked, else a private one in a temporary folder, which is gone when it
 * is stopped. Rejects with `component-missing`, its hint the command that installs it, `component-failed` or `aborted`.
 */
export async function startComponent(
  name: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<RunningProgram> {
  const component = componentNamed(name);
  const startable = startables[name];
  if (startable === undefined) throw new Error(`${name} is not started by itself`);
  const address = addressOf(component);
  if (address !== undefined) return foreignProgram(component, startable.scheme, address);
  const found = requireProgram(component);
  const folder = await mkdtemp(join(tmpdir(), `wirebench-${name}-`));
  try {
    return await startable.start(found, { folder, temporary: true, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Somebody else's program: it can be used, and nothing else. */
function foreignProgram({ name, addressVariable }: Component, scheme: string, address: string): RunningProgram {
  const refusal = (): WirebenchError =>
    new WirebenchError("component-failed", `the ${name} of ${addressVariable} is not ours to kill`, {
      hint: `unset ${addressVariable}, and a private one is started for this experiment`,
    });
  const refuse = (): never => {
    throw refusal();
  };
  return {
    name: `${name} of ${addressVariable}`,
    url: address.includes("://") ? address : `${scheme}://${address}`,
    pid: undefined,
    kill: () => Promise.reject(refusal()),
    restart: () => Promise.reject(refusal()),
    freeze: refuse,
    thaw: refuse,
    onDeath: undefined,
    stop: () => Promise.resolve(),
  };
}
