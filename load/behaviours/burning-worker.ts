/** A second thread of a server whose cost is known. */
import { parentPort } from "node:worker_threads";
import { type BurnOrder, burn } from "./burning.ts";

parentPort!.on("message", ({ endNs, ...order }: BurnOrder & { endNs: number }) => burn(order, endNs));
