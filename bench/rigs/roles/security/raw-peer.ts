/** A socket whose bytes are the probe's own. What comes back is kept as Latin-1, one character per byte. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { addressOf, beginsWithTls } from "../../../../protocol/address.ts";
import { WirebenchError } from "../../../../protocol/errors.ts";
import { patienceMs } from "./probe.ts";

const heardMax = 1024 * 1024;

export class RawPeer implements Disposable {
  #socket: Socket;
  #heard = "";
  #hasEnded = false;
  #news = Promise.withResolvers<void>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen(socket);
  }

  /** Over TLS where the URL says so, unless told otherwise. Rejects where nobody answers. */
  static async connect(url: string, encrypted = beginsWithTls(url)): Promise<RawPeer> {
    const options = { ...addressOf(url), noDelay: true, allowHalfOpen: true };
    // Whom it speaks to is not its question.
    const socket = encrypted ? connectTls({ ...options, rejectUnauthorized: false }) : connect(options);
    socket.on("error", () => {});
    await once(socket, encrypted ? "secureConnect" : "connect", { signal: AbortSignal.timeout(patienceMs) });
    return new RawPeer(socket);
  }

  /** Everything so far. */
  get heard(): string {
    return this.#heard;
  }

  write(bytes: string | Uint8Array): this {
    this.#socket.write(bytes);
    return this;
  }

  /** Goes on over TLS on the same connection. */
  async upgrade(): Promise<void> {
    const plain = this.#socket;
    plain.removeAllListeners("data");
    const socket = connectTls({ socket: plain, rejectUnauthorized: false });
    socket.on("error", () => {});
    this.#listen(socket);
    this.#socket = socket;
    await once(socket, "secureConnect", { signal: AbortSignal.timeout(patienceMs) });
  }

  /** Resolves with what matches in what is heard from `from` on; rejects if the server ends before, or says nothing for too long. */
  async until(pattern: RegExp, from = 0, withinMs = patienceMs): Promise<RegExpExecArray> {
    const deadline = AbortSignal.timeout(withinMs);
    for (;;) {
      const match = pattern.exec(this.#heard.slice(from));
      if (match !== null) return match;
      if (this.#hasEnded) throw ended(this.#heard.slice(from));
      if (deadline.aborted) throw new WirebenchError("connect-failed", "the server did not answer");
      await this.#next(deadline);
    }
  }

  /** Resolves with whether the server has ended the connection, orderly or not, within that time. */
  async untilEnd(withinMs = patienceMs): Promise<boolean> {
    const deadline = AbortSignal.timeout(withinMs);
    while (!this.#hasEnded && !deadline.aborted) await this.#next(deadline);
    return this.#hasEnded;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #listen(socket: Socket): void {
    socket.on("data", (bytes: Buffer) => {
      // What a server says beyond that is no answer.
      if (this.#heard.length < heardMax) this.#heard += bytes.toString("latin1");
      this.#tell();
    });
    for (const event of ["end", "close"]) {
      socket.on(event, () => {
        this.#hasEnded = true;
        this.#tell();
      });
    }
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  async #next(deadline: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    deadline.addEventListener("abort", () => resolve(), { once: true });
    await Promise.race([this.#news.promise, promise]);
  }
}

/** With the first words of what it said. */
function ended(heard: string): WirebenchError {
  const said = heard.trim().slice(0, 60);
  return new WirebenchError("closed", `the server ended the connection${said === "" ? "" : ` after "${said}"`}`);
}

/** As an answer is quoted: its first line, `HTTP/1.1 400 Bad Request`. */
export const firstLine = (heard: string): string => heard.split("\r\n", 1)[0]!.slice(0, 80);
