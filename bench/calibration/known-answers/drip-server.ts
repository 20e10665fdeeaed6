/**
 * A server whose answers drip: it echoes frames of the floor's wire (see bench/wires/frame.ts), each in several
 * pieces with a pause between them. A message has arrived when its last byte has, so the pauses are its delay; a
 * harness that took the first byte for the message would not see them. It reads the frames with its own few lines,
 * so that it shares nothing with the code under test.
 */
import { createServer, type Socket } from "node:net";
import type { ImposedDelays } from "../../../load/behaviours/known-answer.ts";
import { realTimeline, wakeMetronome } from "../../../load/pacing/metronome.ts";
import { answerCalls } from "../../rigs/processes/remote.ts";

export interface DripOrder {
  /** Pieces of each answer. */
  readonly pieces: number;
  /** Between two pieces, in nanoseconds, by the number of the window; 0 where there is none. */
  readonly pausesNs: readonly number[];
}

const headerBytes = 5;
const imposed: Record<number, ImposedDelays> = {};

function serve(socket: Socket, order: DripOrder): void {
  let pending: Buffer = Buffer.alloc(0);
  const queue: { frame: Buffer; receivedNs: number }[] = [];
  let busy = false;
  socket.setNoDelay(true);
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= headerBytes && pending.length >= headerBytes + pending.readUInt32BE(0)) {
      const end = headerBytes + pending.readUInt32BE(0);
      queue.push({ frame: pending.subarray(0, end), receivedNs: realTimeline.nowNs() });
      pending = pending.subarray(end);
    }
    if (!busy) next();
  });

  function next(): void {
    const answer = queue.shift();
    busy = answer !== undefined;
    if (answer === undefined) return;
    // The message's text header names its window in two digits, after a letter.
    const window = Number(answer.frame.toString("latin1", headerBytes + 1, headerBytes + 3));
    drip(answer, window, order.pausesNs[window] ?? 0);
  }

  function drip({ frame, receivedNs }: { frame: Buffer; receivedNs: number }, window: number, pauseNs: number): void {
    const { pieces } = order;
    const pieceBytes = Math.ceil(frame.length / pieces);
    const startNs = realTimeline.nowNs();
    const write = (piece: number): void => {
      socket.write(frame.subarray(piece * pieceBytes, (piece + 1) * pieceBytes));
      if (piece + 1 < pieces) {
        realTimeline.at(startNs + (piece + 1) * pauseNs, () => write(piece + 1));
        return;
      }
      imposed[window] ??= { plannedNs: [], imposedNs: [], reorderedMessages: 0 };
      const books = imposed[window];
      books.plannedNs.push((pieces - 1) * pauseNs);
      books.imposedNs.push(realTimeline.nowNs() - receivedNs);
      next();
    };
    write(0);
  }
}

const api = {
  listen: (order: DripOrder): Promise<{ port: number }> => {
    wakeMetronome();
    const server = createServer((socket) => serve(socket, order));
    return new Promise((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve({ port: (server.address() as { port: number }).port }));
    });
  },
  /** By window number. Settling time included, which makes no difference: all answers of a window drip alike. */
  imposed: async (_: undefined): Promise<Record<number, ImposedDelays>> => imposed,
};

export type DripApi = typeof api;

answerCalls(api);
