/** What the cases say of payloads that came back. */
import assert from "node:assert/strict";
import type { Payload } from "../../protocol/contract.ts";
import type { Peer } from "./peer.ts";

/** `waitMs`: absent, as long as any answer may take. Throws what `Peer.ask` does. */
export async function assertEcho(peer: Peer, payload: Payload, waitMs?: number): Promise<void> {
  const echoed = await peer.ask(payload, waitMs);
  const same =
    typeof payload === "string" || typeof echoed === "string"
      ? echoed === payload
      : Buffer.compare(payload, echoed) === 0;
  assert.ok(same, `expected ${preview(payload)} back, got ${preview(echoed)}`);
}

export function assertSequence(actual: readonly Payload[], expected: readonly string[]): void {
  const at = expected.findIndex((text, index) => actual[index] !== text);
  if (at >= 0)
    assert.fail(`expected ${preview(expected[at]!)} as message ${at}, got ${preview(actual[at] ?? "nothing")}`);
}

const preview = (payload: Payload): string =>
  typeof payload === "string"
    ? `text of ${payload.length} characters ${JSON.stringify(payload.slice(0, 40))}`
    : `${payload.byteLength} bytes ${Buffer.from(payload.subarray(0, 20)).toString("hex")}`;
