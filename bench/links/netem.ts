/**
 * A link that the kernel emulates: everything runs again in a network namespace of its own, whose loopback delays and loses
 * packets (tc-netem(8)). There packets are lost indeed, and what follows is the kernel's own TCP: retransmissions, congestion
 * control, handshakes that have to be tried again. What a relay above TCP only models.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { constants } from "node:os";
import { nowNs } from "../../protocol/clock.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import type { LinkConditions } from "../../results/contract/link.ts";

/** Set in the environment of what runs in the namespace. */
const inside = "WIREBENCH_NETEM";
const passedOn = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** As a network card hands them on; a loopback carries 64 KiB in one packet, which would be lost as one. */
const realPackets = "mtu 1500 gso_max_segs 1";
const instead = "leave out by=netem: a relay then delays, and models losses as the stalls TCP makes of them";

/** `delay 40ms loss 1%`: each packet crosses the loopback once, whichever way it goes. */
export function netemDiscipline({ rttMs, lossShare }: LinkConditions): string[] {
  return [
    "netem",
    ...["delay", `${rttMs / 2}ms`],
    ...(lossShare === undefined ? [] : ["loss", `${lossShare * 100}%`]),
    // Packets that wait for their time; the default of 1000 would lose more than is asked for.
    ...["limit", "1000000"],
  ];
}

/** A command that runs `command` in a namespace whose loopback queues as this discipline says. */
const behind = (discipline: readonly string[], command: readonly string[]): [string, ...string[]] => {
  const prepare = `ip link set lo up ${realPackets} && tc qdisc add dev lo root ${discipline.join(" ")}`;
  return ["unshare", "--user", "--map-root-user", "--net", "sh", "-c", `${prepare} && exec "$@"`, "sh", ...command];
};

/**
 * Runs `command` there, its terminal this one's, until it ends by itself; resolves with its exit code. What ends this process
 * is passed on. Throws `component-missing`, with what the system says, where it cannot be done.
 */
export async function runBehind(
  discipline: readonly string[],
  command: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  const [program, ...probe] = behind(discipline, ["true"]);
  const { status, stderr, error } = spawnSync(program, probe, { encoding: "utf8" });
  if (status !== 0) {
    const said = error?.message ?? stderr.trim().split("\n").at(-1);
    throw new WirebenchError("component-missing", `this machine cannot emulate the link in its kernel: ${said}`, {
      hint: instead,
    });
  }
  const [, ...args] = behind(discipline, command);
  // Out of reach of the terminal, whose Ctrl-C would come twice: what this process is told is all the inner one hears.
  const child = spawn(program, args, { stdio: "inherit", env: environment, detached: true });
  const passOn = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of passedOn) process.on(signal, passOn);
  try {
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + constants.signals[signal!];
  } finally {
    for (const signal of passedOn) process.off(signal, passOn);
  }
}

/**
 * Resolves with the exit code of wirebench run again behind such a link, or with undefined where this is that run, after it
 * has seen that the link is there.
 */
export async function enterNetem(link: LinkConditions): Promise<number | undefined> {
  if (process.env[inside] === undefined) {
    const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
    return await runBehind(netemDiscipline(link), again, { ...process.env, [inside]: "1" });
  }
  const mostMs = link.rttMs * 1.5 + 10;
  const seenMs = await leastHandshakeMs(mostMs);
  if (seenMs < link.rttMs || seenMs > mostMs) {
    throw new WirebenchError(
      "component-failed",
      `the kernel was to emulate a round trip of ${link.rttMs} ms, and a TCP handshake takes ${seenMs.toFixed(1)} ms`,
      { hint: instead },
    );
  }
  return undefined;
}

/** Over the loopback; as many at most where all of them took longer than is believed. */
const handshakes = { few: 5, most: 50 } as const;

/** One may lose a packet or meet a busy machine, hardly all do. */
async function leastHandshakeMs(mostMs: number): Promise<number> {
  const server = createServer((socket) => socket.destroy());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as { port: number };
  const timesMs: number[] = [];
  const isLate = (): boolean => Math.min(...timesMs) > mostMs;
  while (timesMs.length < handshakes.few || (isLate() && timesMs.length < handshakes.most)) {
    const startNs = nowNs();
    const socket = connect({ port, host: "127.0.0.1" }).on("error", () => {});
    await once(socket, "connect");
    timesMs.push((nowNs() - startNs) / 1e6);
    socket.destroy();
  }
  server.close();
  return Math.min(...timesMs);
}
