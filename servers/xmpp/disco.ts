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

/** All that a stanza can name: a reader like ours takes 1,000 elements in one. */
const itemsMax = 900;

/** Answers what belongs to something (XEP-0030 section 4), by address; of very many, the first. */
export const itemsService = (items: () => readonly string[]): readonly [string, IqService] => [
  `get ${namespaces.discoItems} query`,
  (): Element => {
    const some = items().slice(0, itemsMax);
    return xml("query", { xmlns: namespaces.discoItems }, ...some.map((jid) => xml("item", { jid })));
  },
];
