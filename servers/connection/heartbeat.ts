import type { Socket } from "node:net";
import { type Outflow, outflow } from "./outflow.ts";

export interface Beats {
  /** Asks the peer for a sign of life. */
  beat(): void;
  /** The peer has given none for an interval after it was asked. Called once, and nothing is asked after it. */
  lost(): void;
}

/**
 * Asks a peer at an interval whether it is there. Any byte from it answers, not only a whole message, which may take longer
 * than that to arrive. Of the two intervals a silent one may have at most, one passes until it is asked and one until the
 * answer is missed.
 *
 * A question behind bytes of ours that wait would come late, and so would its answer, because of us. None is added to
 * them: that they go on is a sign of life too, and a peer whose host takes none of them for an interval is as lost.
 */
export class Heartbeat {
  readonly #socket: Socket;
  readonly #beats: Beats;
  readonly #timer: NodeJS.Timeout;
  #isAsked = false;
  #isHeard = false;
  /** When the peer was asked last, before the question. */
  #before: Outflow = { waiting: 0, taken: 0 };

  /** Stops when the socket closes. */
  constructor(socket: Socket, everyMs: number, beats: Beats) {
    this.#socket = socket;
    this.#beats = beats;
    this.#timer = setInterval(() => this.#due(), everyMs).unref();
    socket.on("data", () => {
      this.#isHeard = true;
    });
    socket.once("close", () => clearInterval(this.#timer));
  }

  #due(): void {
    if (this.#isAsked && !this.#isAlive()) setImmediate(() => this.#missing());
    else this.#ask();
  }

  /** The answer may have lain in the socket while this process was busy: timers run first, then sockets are read, then this. */
  #missing(): void {
    if (this.#isAlive()) {
      this.#ask();
      return;
    }
    clearInterval(this.#timer);
    this.#beats.lost();
  }

  #isAlive(): boolean {
    return this.#isHeard || (this.#before.waiting > 0 && outflow(this.#socket).taken > this.#before.taken);
  }

  #ask(): void {
    this.#isAsked = true;
    this.#isHeard = false;
    this.#before = outflow(this.#socket);
    if (this.#before.waiting === 0) this.#beats.beat();
  }
}
