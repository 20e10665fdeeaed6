import { randomBytes } from "node:crypto";
import { type Element, xml } from "@xmpp/xml";
import { namespaces } from "./namespaces.ts";
import type { Resources } from "./resources.ts";

/** Tells an account's interested resources of a change in its roster (RFC 6121 section 2.1.6). */
export function pushRosterItem(resources: Resources, account: string, item: Element): void {
  for (const resource of resources.of(account)) {
    if (!resource.interested) continue;
    const id = randomBytes(6).toString("base64url");
    resource.deliver(
      xml("iq", { type: "set", id, to: resource.jid }, xml("query", { xmlns: namespaces.roster }, item)),
    );
  }
}
