/** `npm run bench:socketio`: what Socket.IO's adapters for Redis deliver, and lose when something breaks. Two minutes. */
import { adapterNames } from "../../servers/cluster/socketio/node.ts";
import { faults, measure } from "./measure.ts";

const sizes = { nodes: 3, users: 30, ratePerSecond: 50, payloadBytes: 256, durationMs: 6000 };

const columns = [
  "adapter",
  "fault",
  "delivered",
  "unacknowledged",
  "missing (stayed)",
  "missing (cut off)",
  "twice",
  "cut off",
  "recovered",
  "p50",
  "node CPU per delivery",
];
const widths = columns.map((name) => Math.max(name.length, 13));
const line = (cells: readonly string[]): string =>
  `${cells
    .map((cell, index) => cell.padEnd(widths[index]!))
    .join("  ")
    .trimEnd()}\n`;

process.stdout.write(
  `${sizes.nodes} nodes, ${sizes.users} users, ${sizes.ratePerSecond} messages/s of ${sizes.payloadBytes} B for ${sizes.durationMs / 1000} s; Redis or a link is away for 1 s.\n\n`,
);
process.stdout.write(line(columns));
for (const fault of faults) {
  for (const adapter of adapterNames) {
    const measured = await measure({ ...sizes, adapter, fault }, `socketio-${adapter}-${fault}`);
    const { nodeCpuPerDeliveryUs } = measured;
    process.stdout.write(
      line([
        adapter,
        fault,
        `${(measured.deliveredFraction * 100).toFixed(2)} %`,
        `${measured.unacknowledged} of ${measured.published}`,
        String(measured.missingConnected),
        String(measured.missingCutOff),
        String(measured.duplicated),
        String(measured.cutOff),
        String(measured.recovered),
        `${measured.delayP50Ms.toFixed(1)} ms`,
        nodeCpuPerDeliveryUs === undefined ? "-" : `${nodeCpuPerDeliveryUs.toFixed(0)} us`,
      ]),
    );
    for (const reason of measured.diedOf) process.stdout.write(`    a node ended by itself, and said: ${reason}\n`);
  }
}
