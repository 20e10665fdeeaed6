import { type Element, xml } from "@xmpp/xml";
import type { IqService } from "./iq.ts";
import { namespaces } from "./namespaces.ts";

/** What something is, in the words of the registry of XEP-0030. */
export interface Identity {
  readonly category: string;
  readonly type: string;
  readonly name?: string;
}

/** Answers what something is and can do (XEP-0030 section 3). */
export const infoService = (identity: Identity, features: readonly string[]): readonly [string, IqService] => [
  `get ${namespaces.discoInfo} query`,
  (query) => {
    if (query.attrs.node !== undefined) return "item-not-found";
    const { category, type, name } = identity;
    const all = [namespaces.discoInfo, namespaces.discoItems, ...features];
    return xml(
      "query",
      { xmlns: namespaces.discoInfo },
      xml("identity", { category, type, name }),
      ...all.map((feature) => xml("feature", { var: feature })),
    );
  },
];

/** Answers what belongs to something (XEP-0030 section 4), by address. */
export const itemsService = (items: () => readonly string[]): readonly [string, IqService] => [
  `get ${namespaces.discoItems} query`,
  (): Element => xml("query", { xmlns: namespaces.discoItems }, ...items().map((jid) => xml("item", { jid }))),
];
