import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { defaultLimits } from "../../protocol/contract.ts";
import { boshClient } from "../bosh.ts";
import { bindResult, mechanismList, sasl } from "./testing.ts";

const names = "xmlns='http://jabber.org/protocol/httpbind' xmlns:stream='http://etherx.jabber.org/streams'";
const offer = (content: string): string => `<stream:features>${content}</stream:features>`;
const asChild = (stanza: string): string => stanza.replace("<iq ", "<iq xmlns='jabber:client' ");

/** What is in a request, and what it is answered with; what is not listed is held. */
const answers: readonly (readonly [RegExp, string])[] = [
  [/ hold="1"/, `<body ${names} sid='1' requests='2' hold='1'>${offer(mechanismList("PLAIN"))}</body>`],
  [/<auth /, `<body ${names}>${sasl("success", "")}</body>`],
  [/xmpp:restart=/, `<body ${names}>${offer("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>")}</body>`],
  [/<bind /, `<body ${names}>${asChild(bindResult)}</body>`],
  [/type="terminate"/, `<body ${names} type='terminate'/>`],
];

test("sends no empty request beside one that answers what has come, so that neither can overtake the other", async () => {
  const heard: string[] = [];
  const held = Promise.withResolvers<ServerResponse>();
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    heard.push(body);
    const answer = answers.find(([pattern]) => pattern.test(body))?.[1];
    if (answer === undefined) held.resolve(response);
    else response.end(answer);
    if (body.includes('type="terminate"')) (await held.promise).end(`<body ${names}/>`);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const connection = await boshClient.connect({
    url: `http://alice%40localhost:secret@127.0.0.1:${port}/http-bind`,
    limits: defaultLimits,
    user: 0,
    signal: AbortSignal.timeout(60_000),
    onMessage() {},
  });
  // Once there is nothing to say, one is there for what the server may have to say.
  await held.promise;
  const isEmpty = heard.map((body) => !answers.some(([pattern]) => pattern.test(body)));
  assert.deepEqual(isEmpty, [false, false, false, false, true], heard.join("\n"));
  await connection.close();
  server.closeAllConnections();
  server.close();
});
