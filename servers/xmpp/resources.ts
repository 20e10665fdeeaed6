import type { ConnectedResource } from "./connected-resource.ts";

/** Every connected resource of the server, by full JID and by account. */
export class Resources {
  readonly #byJid = new Map<string, ConnectedResource>();
  readonly #byAccount = new Map<string, Set<ConnectedResource>>();

  get(jid: string): ConnectedResource | undefined {
    return this.#byJid.get(jid);
  }

  /** Those of an account, connected first comes first. */
  of(bareJid: string): Iterable<ConnectedResource> {
    return this.#byAccount.get(bareJid) ?? [];
  }

  count(bareJid: string): number {
    return this.#byAccount.get(bareJid)?.size ?? 0;
  }

  /** Those that have sent presence (RFC 6121 section 4.2). */
  *available(bareJid: string): Generator<ConnectedResource> {
    for (const resource of this.of(bareJid)) if (resource.availability !== undefined) yield resource;
  }

  add(resource: ConnectedResource): void {
    this.#byJid.set(resource.jid, resource);
    const siblings = this.#byAccount.get(resource.bareJid) ?? new Set();
    this.#byAccount.set(resource.bareJid, siblings.add(resource));
  }

  remove(resource: ConnectedResource): void {
    if (this.#byJid.get(resource.jid) === resource) this.#byJid.delete(resource.jid);
    const siblings = this.#byAccount.get(resource.bareJid);
    siblings?.delete(resource);
    if (siblings?.size === 0) this.#byAccount.delete(resource.bareJid);
  }
}
