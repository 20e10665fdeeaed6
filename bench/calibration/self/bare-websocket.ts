/**
 * A WebSocket closed loop without any harness: what one would write by hand, with the usual library, to get a number. The
 * yardstick for what the harness itself costs. Forked, it answers an order with what it measured.
 */
import { WebSocket } from "ws";
import type { LoopOrder, LoopResult } from "../second-opinion/loop.ts";

process.on("disconnect", () => process.exit(0));
process.once("message", (order) => measure(order as LoopOrder));

function measure({ url, connections, inFlight, payloadBytes, warmupMs, durationMs }: LoopOrder): void {
  const payload = "x".repeat(payloadBytes);
  const delaysNs: number[] = [];
  const startNs = process.hrtime.bigint() + BigInt(warmupMs) * 1_000_000n;
  const endNs = startNs + BigInt(durationMs) * 1_000_000n;
  for (let i = 0; i < connections; i++) {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const sentNs: bigint[] = [];
    const send = (): void => {
      sentNs.push(process.hrtime.bigint());
      socket.send(payload);
    };
    socket.on("open", () => {
      for (let n = 0; n < inFlight; n++) send();
    });
    socket.on("message", (data) => {
      data.toString();
      const now = process.hrtime.bigint();
      const sent = sentNs.shift()!;
      if (now >= startNs && now < endNs) delaysNs.push(Number(now - sent));
      if (now < endNs) send();
    });
  }
  setTimeout(
    () => {
      delaysNs.sort((a, b) => a - b);
      const p50Us = delaysNs[Math.floor(delaysNs.length / 2)]! / 1000;
      process.send?.({ ratePerSecond: (delaysNs.length * 1000) / durationMs, p50Us } satisfies LoopResult);
    },
    warmupMs + durationMs + 100,
  );
}
