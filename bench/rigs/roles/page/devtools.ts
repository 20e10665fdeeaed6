/** A browser at the other end of its DevTools protocol (chromedevtools.github.io/devtools-protocol), as far as one page needs it. */
import { WirebenchError } from "../../../../protocol/errors.ts";

type Data = Record<string, unknown>;

interface Answer {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Data;
  readonly result?: Data;
  readonly error?: { readonly message: string };
}

const hasEnded = (): WirebenchError => new WirebenchError("component-failed", "the browser has ended");

export class DevTools implements Disposable {
  readonly #socket: WebSocket;
  readonly #calls = new Map<number, PromiseWithResolvers<Data>>();
  readonly #listeners = new Map<string, (params: Data) => void>();
  readonly #end = Promise.withResolvers<never>();
  #lastId = 0;

  /** `browserUrl`: where it answers HTTP. */
  static async connect(browserUrl: string): Promise<DevTools> {
    const version = (await (await fetch(new URL("/json/version", browserUrl))).json()) as Data;
    const socket = new WebSocket(String(version.webSocketDebuggerUrl));
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new WirebenchError("component-failed", "the browser cannot be driven"));
    });
    return new DevTools(socket);
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#take(JSON.parse(String(data)) as Answer);
    socket.onclose = () => {
      for (const { reject } of this.#calls.values()) reject(hasEnded());
      this.#calls.clear();
      this.#end.reject(hasEnded());
    };
    // Also where nobody waits for it.
    this.#end.promise.catch(() => {});
  }

  /** Rejects with what the browser says against it, or when the browser has ended. */
  call(method: string, params: Data = {}, sessionId?: string): Promise<Data> {
    // What is sent on a socket that is closed, or about to be, is dropped without a word.
    if (this.#socket.readyState !== WebSocket.OPEN) return Promise.reject(hasEnded());
    const call = Promise.withResolvers<Data>();
    const id = ++this.#lastId;
    this.#calls.set(id, call);
    this.#socket.send(JSON.stringify({ id, method, params, ...(sessionId !== undefined && { sessionId }) }));
    return call.promise;
  }

  /** Of all sessions; the one listener that an event has. */
  on(event: string, listener: (params: Data) => void): void {
    this.#listeners.set(event, listener);
  }

  /** Waits for what an event brings about; rejects when the browser has ended before. */
  unlessEnded<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#end.promise]);
  }

  #take({ id, method, params = {}, result, error }: Answer): void {
    if (id === undefined) {
      this.#listeners.get(method ?? "")?.(params);
      return;
    }
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (error === undefined) call?.resolve(result ?? {});
    else call?.reject(new WirebenchError("component-failed", `the browser said: ${error.message}`));
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
