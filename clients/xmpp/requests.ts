import type { Element } from "@xmpp/xml";
import { describeStanzaError } from "./conditions.ts";

/** What a stanza was answered with (RFC 6120 section 8.3). */
export class StanzaError extends Error {
  /** Name of the defined condition, e.g. `service-unavailable`. */
  readonly condition: string;

  /** Of a stanza of type `error`. */
  constructor(stanza: Element) {
    super(`stanza error ${describeStanzaError(stanza)}`);
    this.name = "StanzaError";
    this.condition = conditionOf(stanza) ?? "undefined-condition";
  }
}

/** The condition in the `<error/>` of a stanza; undefined without one. */
export const conditionOf = (stanza: Element): string | undefined =>
  stanza.getChild("error")?.getChildElements()[0]?.name;

interface Pending {
  readonly to: string | undefined;
  readonly resolve: (result: Element) => void;
  readonly reject: (cause: Error) => void;
}

/** Requests that wait for their answers (RFC 6120 section 8.2.3). */
export class Requests {
  readonly #pending = new Map<string, Pending>();
  #last = 0;

  /** Gives the request an id unless it has one. Resolves with the result, rejects with a StanzaError or as `fail` says. */
  add(iq: Element): Promise<Element> {
    const id = iq.attrs.id ?? `q${++this.#last}`;
    iq.attrs.id = id;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { to: iq.attrs.to, resolve, reject });
    });
  }

  /** Whether this is an answer to one of them, from the address that was asked (section 8.1.2.1). */
  answer(iq: Element, jid: string): boolean {
    const { id, type, from } = iq.attrs;
    if (iq.name !== "iq" || id === undefined || (type !== "result" && type !== "error")) return false;
    const pending = this.#pending.get(id);
    if (pending === undefined || !isAskedBy(pending.to, from, jid)) return false;
    this.#pending.delete(id);
    if (type === "result") pending.resolve(iq);
    else pending.reject(new StanzaError(iq));
    return true;
  }

  /** Nothing will be answered any more. */
  fail(cause: Error): void {
    for (const { reject } of this.#pending.values()) reject(cause);
    this.#pending.clear();
  }
}

/** Section 10.3.3: what is addressed to nobody, the server answers for the account or for itself. */
function isAskedBy(to: string | undefined, from: string | undefined, jid: string): boolean {
  if (from === to || from === undefined) return true;
  if (to !== undefined) return false;
  const bare = jid.split("/", 1)[0]!;
  return from === jid || from === bare || from === bare.slice(bare.indexOf("@") + 1);
}
