/** What each binding adds to a stanza: bytes counted on real sockets, held to what the specifications say they are. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { boshBinding } from "../../clients/xmpp/bosh.ts";
import { openSession, type XmppSession } from "../../clients/xmpp/session.ts";
import type { Binding } from "../../clients/xmpp/stream.ts";
import { tcpBinding } from "../../clients/xmpp/tcp.ts";
import { websocketBinding } from "../../clients/xmpp/websocket.ts";
import { type Behaviour, defaultLimits, type ProtocolServer, type ServerConnection } from "../../protocol/contract.ts";
import { until } from "../../protocol/testing.ts";
import { messageElement, messageType } from "../../protocol/wires/xmpp-message.ts";
import { boshServer } from "../bosh.ts";
import { start } from "../testing.ts";
import { xmppServer } from "../xmpp.ts";
import { xmppWebsocketServer } from "../xmpp-websocket.ts";

interface Bytes {
  readonly up: number;
  readonly down: number;
}

/** Carries bytes on to a port and counts them. */
async function counting(t: TestContext, port: number) {
  const sockets: Socket[] = [];
  const counted = { up: 0, down: 0 };
  let requests = 0;
  let lastUp = "";
  const server = createServer({ noDelay: true }, (client) => {
    const next = connect({ port, host: "127.0.0.1", noDelay: true });
    sockets.push(client, next);
    client.on("data", (chunk) => {
      counted.up += chunk.byteLength;
      lastUp = chunk.toString();
      if (lastUp.startsWith("POST ")) requests++;
      next.write(chunk);
    });
    next.on("data", (chunk) => {
      counted.down += chunk.byteLength;
      if (chunk.toString().startsWith("HTTP/1.1 200 ")) requests--;
      client.write(chunk);
    });
    client.on("error", () => {}).on("close", () => next.destroy());
    next.on("error", () => {}).on("close", () => client.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    counted,
    port: (server.address() as AddressInfo).port,
    /** A whole request has gone up whose answer has not come down. */
    isPolled: () => requests === 1 && lastUp.endsWith(">"),
  };
}

const stanza = (attributes: string, payload: string): string =>
  `<message ${attributes} type="headline"><body>${payload}</body></message>`;
const declared = (xml: string): string => xml.replace("<message", '<message xmlns="jabber:client"');

/** RFC 6455 section 5.2: two bytes, or four from a payload of 126; the client's are masked with four more. */
const frame = (xml: string, mask: number): number => (xml.length < 126 ? 2 : 4) + mask + xml.length;

/** The header fields that undici and Node write. */
const boshRequest = (host: string, xml: string): number =>
  [
    "POST /http-bind HTTP/1.1",
    `host: ${host}`,
    "connection: keep-alive",
    "accept-encoding: identity",
    "content-type: text/xml; charset=utf-8",
    `content-length: ${xml.length}`,
    "",
    xml,
  ].join("\r\n").length;
const boshResponse = (xml: string): number =>
  [
    "HTTP/1.1 200 OK",
    "content-type: text/xml; charset=utf-8",
    `content-length: ${xml.length}`,
    `Date: ${new Date(0).toUTCString()}`,
    "Connection: keep-alive",
    `Keep-Alive: timeout=${(defaultLimits.idleMs + 60_000) / 1000}`,
    "",
    xml,
  ].join("\r\n").length;
const boshNamespace = 'xmlns="http://jabber.org/protocol/httpbind"';
const boshUp = (content: string): string => {
  const rid = "1".repeat(15);
  const sid = "s".repeat(24);
  return content === ""
    ? `<body rid="${rid}" sid="${sid}" ${boshNamespace}/>`
    : `<body rid="${rid}" sid="${sid}" ${boshNamespace}>${content}</body>`;
};

interface Wire {
  readonly server: ProtocolServer;
  readonly binding: Binding;
  readonly up: (xml: string, host: string) => number;
  readonly down: (xml: string) => number;
  /** Sent by the client because something came that it had not asked for. */
  readonly asked: (host: string) => number;
}

const wires: readonly Wire[] = [
  { server: xmppServer, binding: tcpBinding, up: (xml) => xml.length, down: (xml) => xml.length, asked: () => 0 },
  {
    server: xmppWebsocketServer,
    binding: websocketBinding,
    up: (xml) => frame(declared(xml), 4),
    down: (xml) => frame(declared(xml), 0),
    asked: () => 0,
  },
  {
    server: boshServer,
    binding: boshBinding,
    up: (xml, host) => boshRequest(host, boshUp(declared(xml))),
    down: (xml) => boshResponse(`<body ${boshNamespace}>${declared(xml)}</body>`),
    asked: (host) => boshRequest(host, boshUp("")),
  },
];

for (const { server, binding, up, down, asked } of wires) {
  describe(`a message on ${server.traits.name}`, { timeout: 120_000 }, () => {
    for (const payloadBytes of [0, 10, 64, 1000]) {
      it(`with ${payloadBytes} bytes of payload takes what its stanza and the binding make of it`, async (t) => {
        let connection: ServerConnection | undefined;
        const behaviour: Behaviour = (opened) => {
          connection = opened;
          return { message: (payload) => opened.send(payload), closed() {} };
        };
        const running = await start(t, server, {}, behaviour);
        const { counted, port, isPolled } = await counting(t, Number(new URL(running.url).port));
        const url = running.url.replace(/:\d+\//, `:${port}/`);
        let received = 0;
        const session: XmppSession = await openSession(binding, {
          url,
          limits: defaultLimits,
          user: 0,
          signal: AbortSignal.timeout(60_000),
          onStanza: () => void received++,
        });
        const payload = "x".repeat(payloadBytes);
        const empty = payload === "" ? (xml: string) => xml.replace("<body></body>", "<body/>") : (xml: string) => xml;
        const sent = empty(stanza('to="localhost"', payload));
        const come = empty(stanza(`from="localhost" to="${session.jid}"`, payload));
        const host = `127.0.0.1:${port}`;
        /** Bytes of what `act` makes cross, once it has and nothing of before is on its way. */
        const bytesOf = async (expected: Bytes, act: () => void): Promise<void> => {
          const before = { ...counted };
          const seen = (): Bytes => ({ up: counted.up - before.up, down: counted.down - before.down });
          const messages = received;
          act();
          await until(() => received > messages && seen().up >= expected.up && seen().down >= expected.down);
          assert.deepEqual(seen(), expected);
        };
        const echo = { up: up(sent, host), down: down(come) };
        const push = { up: asked(host), down: down(come) };
        // With its echo everything of the login has crossed, too.
        session.send(messageElement({ to: "localhost", type: messageType }, payload));
        await until(() => received === 1 && (asked(host) === 0 || isPolled()));
        for (let round = 0; round < 3; round++) {
          await bytesOf(echo, () => session.send(messageElement({ to: "localhost", type: messageType }, payload)));
        }
        for (let round = 0; round < 3; round++) await bytesOf(push, () => connection!.send(payload));
        await session.close();
      });
    }
  });
}
