import assert from "node:assert/strict";
import { it } from "node:test";
import { Element } from "@xmpp/xml";
import { XmppStreamParser } from "../../protocol/wires/xmpp-stream-parser.ts";
import type { ConnectedResource } from "./connected-resource.ts";
import { itemsService } from "./disco.ts";

it("a list of items is one stanza that a reader takes, however many there are", () => {
  const [, service] = itemsService(() => Array.from({ length: 5000 }, (_, index) => `room${index}@rooms.localhost`));
  const query = service(new Element("query"), {} as ConnectedResource);
  const parser = new XmppStreamParser();
  parser.stanzaBytesMax = 1_000_000;
  let items = 0;
  parser.on("element", (iq) => {
    items = iq.getChild("query")!.getChildren("item").length;
  });
  parser.on("error", assert.fail);
  parser.write(`<stream xmlns='jabber:client'><iq type='result'>${query}</iq>`);
  assert.ok(items > 0 && items < 5000);
});
