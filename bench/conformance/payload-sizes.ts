/** How long a payload the target carries, and how fast: whoever started it may have set limits to both. */
import { AssertionError } from "node:assert/strict";
import { nowNs } from "../../protocol/clock.ts";
import { defaultLimits, type Payload } from "../../protocol/contract.ts";
import { describeError } from "../../protocol/errors.ts";
import { type PayloadKind, payloadKinds } from "../../protocol/messages/message.ts";
import { formatCount } from "../../results/quantities/format.ts";
import { assertEcho } from "./assertions.ts";
import { answerMs, type Peer } from "./peer.ts";
import type { ConformanceContext } from "./suite.ts";

/** Every target carries so much. Ours carry `defaultLimits.payloadBytesMax`, as they are told to. */
export const payloadBytesForAll = 65_536;

/** Something that does not speak against measuring a target, and that a reader of its numbers must know. */
export interface Remark {
  readonly code: "payload-limit" | "rate-limit";
  readonly message: string;
  /** Of a payload limit: a payload of that kind and size, or a longer one, does not come back. */
  readonly refused?: PayloadSize;
}

export interface PayloadSize {
  readonly kind: PayloadKind;
  readonly bytes: number;
}

const payloadOf = ({ kind, bytes }: PayloadSize): Payload =>
  kind === "text" ? "x".repeat(bytes) : Buffer.alloc(bytes, 0xa5);

/** Sends payloads of a size; throws what `Peer.ask` does, and where something else came back. */
export async function assertEchoOf(bytes: number, peer: Peer, context: ConformanceContext): Promise<void> {
  for (const kind of payloadKinds) {
    const payload = payloadOf({ kind, bytes });
    await watched(context, `${formatCount(bytes)} bytes of ${kind}`, bytes, () =>
      assertEcho(peer, payload, context.patienceMs),
    );
  }
}

/**
 * Payloads longer than all must carry: those the run wants to send, and the longest there may be. A server that this run
 * started carries them all. Where another one stops is a remark; what comes back changed is a failure all the same.
 */
export async function findPayloadLimit(context: ConformanceContext): Promise<void> {
  for (const kind of payloadKinds) {
    const wanted = context.payloads.filter((payload) => payload.kind === kind).map(({ bytes }) => bytes);
    // What takes long already would take minutes, for a payload that nobody sends.
    const longest = context.seemsLimited() ? [] : [defaultLimits.payloadBytesMax];
    const sizes = [...new Set([...wanted, ...longest])].filter((bytes) => bytes > payloadBytesForAll);
    for (const bytes of sizes.sort((a, b) => a - b)) {
      try {
        await using peer = await context.connect();
        await assertEcho(peer, payloadOf({ kind, bytes }), context.patienceMs);
      } catch (error) {
        if (!context.foreign || error instanceof AssertionError) throw error;
        const message = `${kind} of ${formatCount(bytes)} bytes does not come back, though shorter messages do: ${describeError(error)}`;
        context.remark({ code: "payload-limit", message, refused: { kind, bytes } });
        break;
      }
    }
  }
}

/** Notes it when what a conforming server does at once takes long; `bytes` of payload come back meanwhile. */
export async function watched<T>(
  context: ConformanceContext,
  what: string,
  bytes: number,
  act: () => Promise<T>,
): Promise<T> {
  const startedNs = nowNs();
  const result = await act();
  const seconds = (nowNs() - startedNs) / 1e9;
  if (seconds * 1000 > answerMs) {
    const rate = Number((bytes / 1000 / seconds).toPrecision(2));
    const message = `${what} took ${seconds.toFixed(0)} s to come back (${rate} kB/s of payload): the server, or the way to it, seems to limit the rate of a connection, and whoever offers more measures that limit`;
    context.remark({ code: "rate-limit", message });
  }
  return result;
}
