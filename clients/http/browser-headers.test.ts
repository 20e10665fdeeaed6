/** The header fields of `+browser-headers`: what clients send with it, and what the Chromium of this machine sends. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { clientsOf, protocols } from "../../bench/targets/protocols.ts";
import { hasProgram } from "../../bench/testing.ts";
import { defaultLimits } from "../../protocol/contract.ts";
import { browserHeaders } from "../../protocol/options/browser-headers.ts";
import { chromium } from "../../servers/programs/chromium.ts";
import { startProgram } from "../../servers/programs/program.ts";
import { type PageRequest, pageHeaders } from "./browser-headers.ts";

const options = { [browserHeaders.name]: "on" };

type Fields = Readonly<Record<string, string>>;

/** What a client says for other reasons: where to, on what connection, what the body is, and the upgrade itself. */
const notByItself = /^(host|connection|upgrade|content-(length|type)|sec-websocket-.*|authorization)$/i;

function fieldsOf({ rawHeaders }: IncomingMessage): Fields {
  const pairs = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name, rawHeaders[index + 1]!] as const] : []));
  return Object.fromEntries(pairs.filter(([name]) => !notByItself.test(name)));
}

const lowerCased = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]));

const kindOf = ({ headers }: IncomingMessage): PageRequest =>
  headers.upgrade !== undefined ? "upgrade" : headers.accept === "text/event-stream" ? "events" : "fetch";

/** A server that answers as it is told and hands over every request, upgrades too. */
async function listen(t: TestContext, take: (request: IncomingMessage) => void, page = "") {
  const server = createServer((request, response) => {
    take(request);
    response.setHeader("content-type", request.url === "/" ? "text/html" : "text/plain");
    response.end(request.url === "/" ? page : "");
  });
  server.on("upgrade", (request, socket) => {
    take(request);
    socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

for (const protocol of protocols.filter(({ server }) => server.traits.options?.includes(browserHeaders))) {
  const { name, schemes } = protocol.server.traits;
  for (const [kind, client] of clientsOf(protocol, options)) {
    test(`the ${name} client (${kind}) begins with the header fields of a browser, and no others`, async (t) => {
      const requests: IncomingMessage[] = [];
      const authority = await listen(t, (request) => requests.push(request));
      const url = new URL(`${schemes[0]}//${authority}/`);
      if (protocol.server.traits.mechanisms !== undefined) Object.assign(url, { username: "a", password: "b" });
      const signal = AbortSignal.timeout(60_000);
      // The server says nothing that the protocol knows, which one takes for the answer of an endpoint.
      const connecting = client.connect({
        ...{ url: url.href, limits: defaultLimits, user: 0, options, signal },
        onMessage() {},
      });
      await connecting.then(
        (user) => user.close(),
        () => {},
      );
      const [request] = requests;
      assert.ok(request !== undefined, "it has asked");
      const asked = kindOf(request);
      assert.deepEqual(lowerCased(fieldsOf(request)), lowerCased(pageHeaders(options, asked, url, request.method)!));
    });
  }
}

/** What differs between a browser with and without a window, and between versions of it. */
const comparable = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      name === "sec-ch-ua" ? "brands" : value.replace("HeadlessChrome", "Chrome").replace(/Chrome\/\d+/, "Chrome/n"),
    ]),
  );

test("the data are what Chromium sends", { timeout: 60_000 }, async (t) => {
  if (!hasProgram(t, chromium.name)) return;
  const script = `
    await fetch("/fetch");
    await fetch("/fetch", { method: "POST", body: "[]", headers: { "content-type": "application/json" } });
    await fetch("/fetch", { method: "DELETE" });
    new EventSource("/events");
    new WebSocket("ws://" + location.host + "/upgrade");`;
  const seen = new Map<string, IncomingMessage>();
  const all = ["GET /fetch", "POST /fetch", "DELETE /fetch", "GET /events", "GET /upgrade"];
  const { promise, resolve } = Promise.withResolvers<void>();
  const take = (request: IncomingMessage): void => {
    seen.set(`${request.method} ${request.url}`, request);
    if (all.every((what) => seen.has(what))) resolve();
  };
  const authority = await listen(t, take, `<!doctype html><script type="module">${script}</script>`);
  const browser = await startProgram(chromium);
  t.after(() => browser.stop());
  await fetch(`${browser.url}/json/new?http://${authority}/`, { method: "PUT" });
  await promise;
  for (const [what, request] of [...seen].filter(([what]) => all.includes(what))) {
    const url = new URL(`http://${authority}/`);
    const data = pageHeaders(options, what.split("/")[1] as PageRequest, url, request.method)!;
    if (process.env.SHOW_HEADERS) console.log(what, request.rawHeaders);
    assert.deepEqual(comparable(fieldsOf(request)), comparable(data), what);
  }
});
