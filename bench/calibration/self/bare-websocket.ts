/**
 * A WebSocket echo without any harness: what one would write by hand to get a number. The yardstick for what the
 * harness itself costs. Forked as a server, or as a client that prints what it measured.
 */
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import type { LoopOrder, LoopResult } from "../second-opinion/loop.ts";

process.on("disconnect", () => process.exit(0));
process.once("message", (order) => (order === "serve" ? serve() : measure(order as LoopOrder)));

function serve(): void {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
  server.on("connection", (socket) =>
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary })),
  );
  server.on("listening", () => process.send?.(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`));
}

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
