/** Every protocol over TLS, with a relay between that sees what crosses the wire: the harness must count the same. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { trustCertificate } from "../../clients/connection/trust.ts";
import { echoBehaviour } from "../../load/behaviours/echo.ts";
import { WireByteCounter } from "../../load/metering/wire-bytes.ts";
import { connectClient } from "../../load/users/connect.ts";
import { defaultLimits } from "../../protocol/contract.ts";
import { tlsMode } from "../../protocol/options/tls.ts";
import { until } from "../../protocol/testing.ts";
import { clientsOf, protocols } from "./protocols.ts";
import { spokenTargets } from "./testing.ts";

const counter = new WireByteCounter();

/** Carries what comes to it on to a port, as it is. */
async function relayTo(port: number) {
  const accepted: Socket[] = [];
  const opened: Socket[] = [];
  const server = createServer((socket) => {
    const next = connect(port, "127.0.0.1");
    accepted.push(socket);
    opened.push(next);
    socket.pipe(next).pipe(socket);
    socket.on("error", () => {}).on("close", () => next.destroy());
    next.on("error", () => {}).on("close", () => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    accepted,
    opened,
    port: (server.address() as AddressInfo).port,
    [Symbol.dispose]: () => {
      for (const socket of [...accepted, ...opened]) socket.destroy();
      server.close();
    },
  };
}

const sum = (sockets: readonly Socket[], count: "bytesRead" | "bytesWritten"): number =>
  sockets.reduce((total, socket) => total + socket[count], 0);

for (const protocol of protocols) {
  const { server } = protocol;
  for (const { title, options } of spokenTargets(protocol).filter(({ options }) => tlsMode(options))) {
    for (const [kind, client] of clientsOf(protocol, options)) {
      test(`bytes of ${title} (${kind} client) are those that cross the socket, records and handshakes included`, async () => {
        const { behaviour } = echoBehaviour();
        const running = await server.listen({ host: "127.0.0.1", port: 0, behaviour, limits: defaultLimits, options });
        trustCertificate(running.certificate);
        await using cleanUp = new AsyncDisposableStack();
        cleanUp.defer(() => running.close());
        const url = new URL(running.url);
        const relay = cleanUp.use(await relayTo(Number(url.port)));
        const before = counter.read();
        const handshakesBefore = counter.tlsHandshakes.full;
        // The connections of the relay are opened by this process too.
        const counted = () => {
          const after = counter.read();
          return {
            sent: after.sent - before.sent - sum(relay.opened, "bytesWritten"),
            received: after.received - before.received - sum(relay.opened, "bytesRead"),
          };
        };
        const crossed = () => ({
          sent: sum(relay.accepted, "bytesRead"),
          received: sum(relay.accepted, "bytesWritten"),
        });

        let messages = 0;
        const connection = await connectClient(client, {
          url: running.url.replace(`:${url.port}`, `:${relay.port}`),
          limits: defaultLimits,
          user: 0,
          options,
          onMessage: () => {
            messages++;
          },
        });
        for (let sent = 1; sent <= 3; sent++) {
          connection.send("a".repeat(200));
          await until(() => messages === sent);
        }
        let seen = [counted(), crossed()];
        await until(() => {
          seen = [counted(), crossed()];
          return isDeepStrictEqual(...(seen as [unknown, unknown]));
        }).catch(() => assert.deepEqual(seen[0], seen[1]));
        assert.ok(seen[0]!.sent > 3 * 200, "more than the payload");
        await connection.close();
        // HTTP/2 says goodbye after that, which the next test must not count.
        await until(() => relay.accepted.every(({ destroyed }) => destroyed));
        assert.ok(counted().sent >= seen[0]!.sent, "what a closed connection sent stays counted");
        assert.match(counter.ciphers.join(), /^TLSv1\.3 TLS_/);
        assert.equal(counter.tlsHandshakes.full - handshakesBefore, relay.accepted.length, "a handshake each");
        assert.equal(counter.tlsHandshakes.resumed, 0);
      });
    }
  }
}
