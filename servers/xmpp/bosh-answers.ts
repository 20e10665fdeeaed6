import type { ServerResponse } from "node:http";
import { boshContentType } from "../../protocol/wires/bosh-body.ts";

/** Answers a request with a body (XEP-0124 section 5). */
export const answerBody = (response: ServerResponse, body: string): void => {
  response.writeHead(200, { "content-type": boshContentType, "content-length": Buffer.byteLength(body) });
  response.end(body);
};

/** The last answers of a session by request, for a client that has not got them (XEP-0124 section 14.3). */
export class BoshAnswers {
  readonly #bodies = new Map<number, string>();
  /** Given again, and not taken yet. */
  readonly #again = new Map<number, ServerResponse>();
  readonly #countMax: number;

  /** Keeps those of so many requests in a row. */
  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  keep(rid: number, body: string): void {
    this.#bodies.set(rid, body);
    this.#bodies.delete(rid - this.#countMax);
  }

  /** Answers a request as it was answered before; false if that is not known any more. */
  repeat(rid: number, response: ServerResponse): boolean {
    const body = this.#bodies.get(rid);
    if (body === undefined) return false;
    // Of two with one number the older has lost its connection: so nobody can pile up answers by not reading them.
    this.#again.get(rid)?.destroy();
    this.#again.set(rid, response);
    response.once("close", () => {
      if (this.#again.get(rid) === response) this.#again.delete(rid);
    });
    answerBody(response, body);
    return true;
  }

  /** The client has got those up to this one (XEP-0124 section 9.2). */
  forget(acknowledged: number): void {
    for (const rid of this.#bodies.keys()) if (rid <= acknowledged) this.#bodies.delete(rid);
  }
}
