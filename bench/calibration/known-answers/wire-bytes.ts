import { setTimeout as sleep } from "node:timers/promises";
import { echoBehaviour } from "../../../load/behaviours/echo.ts";
import type { WireByteCounter, WireBytes } from "../../../load/metering/wire-bytes.ts";
import { connectClient } from "../../../load/users/connect.ts";
import { defaultLimits, type Protocol } from "../../../protocol/contract.ts";
import { WirebenchError } from "../../../protocol/errors.ts";
import { type PayloadKind, payloadKinds } from "../../../protocol/messages/message.ts";
import { formatCount, plural } from "../../../results/quantities/format.ts";
import { clientsOf } from "../../targets/protocols.ts";
import type { Check } from "./check.ts";
import { type Framing, framingOf } from "./framing.ts";
import { judgeExact } from "./judge.ts";
import { ReceptionTurns } from "./reception-turns.ts";

/** A small message, and both sides of the two places where RFC 6455 takes a longer length. */
export const framedSizesBytes = [64, 125, 126, 65_535, 65_536] as const;

const answerWaitMs = 5000;
/** Nothing more is under way once the count stands still for this long. */
const quietMs = 25;

/**
 * Sends one message of each size and kind and counts the bytes of it and of its echo, with the harness's own
 * counter, in this process: nothing of it depends on time. Empty for a wire without arithmetic.
 */
export async function checkWireBytes(protocol: Protocol, counter: WireByteCounter): Promise<Check[]> {
  const { server } = protocol;
  const framing = framingOf(server.traits);
  if (framing === undefined) return [];
  const { behaviour } = echoBehaviour();
  using turns = new ReceptionTurns(counter);
  const running = await server.listen({ host: "127.0.0.1", port: 0, behaviour, limits: defaultLimits });
  const checks: Check[] = [];
  try {
    for (const [[clientKind, client], kind] of combinations(clientsOf(protocol), payloadKinds)) {
      const title = `${server.traits.title}, ${clientKind} client`;
      let echoed = (): void => {};
      let inTurn = 0;
      const onMessage = (): void => {
        if (turns.haveBytes) inTurn++;
        echoed();
      };
      const options = { url: running.url, limits: defaultLimits, user: 0, options: {}, onMessage };
      const connection = await connectClient(client, options);
      const counted: WireBytes[] = [];
      for (const bytes of framedSizesBytes) {
        const before = await quiet(counter);
        const answered = new Promise<void>((resolve) => {
          echoed = resolve;
        });
        connection.send(kind === "text" ? "a".repeat(bytes) : new Uint8Array(bytes));
        await Promise.race([answered, silence(server.traits.name)]);
        const after = await quiet(counter);
        counted.push({ sent: after.sent - before.sent, received: after.received - before.received });
      }
      await connection.close();
      checks.push(compareTurns(title, kind, inTurn));
      for (const direction of ["sent", "received"] as const) {
        const measured = counted.map((bytes) => bytes[direction]);
        checks.push(compareBytes(title, kind, direction, framing, measured));
      }
    }
  } finally {
    await running.close();
  }
  return checks;
}

/** Byte for byte. What no size changes is taken from the first size where the arithmetic does not know it. */
export function compareBytes(
  title: string,
  kind: PayloadKind,
  direction: "sent" | "received",
  framing: Framing,
  measured: readonly number[],
): Check {
  const computed = framedSizesBytes.map((bytes) => framing[direction](kind, bytes));
  const fixed = framing.complete ? 0 : measured[0]! - computed[0]!;
  const expected = computed.map((bytes) => bytes + fixed);
  const same = fixed >= 0 && expected.every((bytes, index) => bytes === measured[index]);
  const list = (numbers: readonly number[]): string => numbers.map(formatCount).join(" ");
  const apart = framing.complete ? "" : ` (${plural(fixed, "byte")} of it whatever the size)`;
  return {
    name: `${title}, ${kind}, bytes ${direction}`,
    expected: list(expected) + apart,
    measured: list(measured),
    verdict: same ? "passed" : "failed",
  };
}

const combinations = <A, B>(some: readonly A[], others: readonly B[]): [A, B][] =>
  some.flatMap((one) => others.map((other): [A, B] => [one, other]));

/** A message that waits for another turn of the event loop is recorded late by all that this turn still does. */
export const compareTurns = (title: string, kind: PayloadKind, inTurn: number): Check => ({
  name: `${title}, ${kind}, received in the turn of their last byte`,
  expected: `${framedSizesBytes.length} of ${framedSizesBytes.length}`,
  measured: String(inTurn),
  verdict: judgeExact(framedSizesBytes.length, inTurn),
});

async function quiet(counter: WireByteCounter): Promise<WireBytes> {
  for (let last = counter.read(); ; ) {
    await sleep(quietMs);
    const now = counter.read();
    if (now.sent === last.sent && now.received === last.received) return now;
    last = now;
  }
}

async function silence(name: string): Promise<never> {
  await sleep(answerWaitMs, undefined, { ref: false });
  throw new WirebenchError("process-failed", `${name} did not echo within ${answerWaitMs / 1000} s`);
}
