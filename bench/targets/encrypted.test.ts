/** Every protocol through TLS, with a relay between that sees what crosses the wire: the harness must count the same. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from "node:tls";
import { isDeepStrictEqual } from "node:util";
import { echoBehaviour } from "../../load/behaviours/echo.ts";
import { WireByteCounter } from "../../load/metering/wire-bytes.ts";
import { connectClient } from "../../load/users/connect.ts";
import { defaultLimits } from "../../protocol/contract.ts";
import { testCertificate, until } from "../../protocol/testing.ts";
import { clientsOf, protocols } from "./protocols.ts";

setDefaultCACertificates([...getCACertificates("default"), testCertificate.cert]);
const counter = new WireByteCounter();

/** Carries what comes to `server` on to a port. */
async function forward(server: Server, connected: "connection" | "secureConnection", port: number) {
  const accepted: Socket[] = [];
  const opened: Socket[] = [];
  server.on(connected, (socket: Socket) => {
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

for (const { server, kind, client } of protocols.flatMap((protocol) =>
  clientsOf(protocol).map(([kind, client]) => ({ server: protocol.server, kind, client })),
)) {
  const scheme = server.traits.schemes.find((known) => ["https:", "wss:", "xmpps:"].includes(known));
  if (scheme === undefined) continue;
  test(`bytes of ${server.traits.name} (${kind} client) over TLS are those that cross the socket, records and handshakes included`, async () => {
    const { behaviour } = echoBehaviour();
    const running = await server.listen({ host: "127.0.0.1", port: 0, behaviour, limits: defaultLimits });
    await using cleanUp = new AsyncDisposableStack();
    cleanUp.defer(() => running.close());
    const { port } = new URL(running.url);
    const tls = cleanUp.use(await forward(createTlsServer(testCertificate), "secureConnection", Number(port)));
    const relay = cleanUp.use(await forward(createServer(), "connection", tls.port));
    const before = counter.read();
    // The connections of terminator and relay are opened by this process too.
    const counted = () => {
      const after = counter.read();
      const inner = [...tls.opened, ...relay.opened];
      return {
        sent: after.sent - before.sent - sum(inner, "bytesWritten"),
        received: after.received - before.received - sum(inner, "bytesRead"),
      };
    };
    const crossed = () => ({
      sent: sum(relay.accepted, "bytesRead"),
      received: sum(relay.accepted, "bytesWritten"),
    });

    let messages = 0;
    const connection = await connectClient(client, {
      url: running.url.replace(/^\w+:/, scheme).replace(`:${port}/`, `:${relay.port}/`),
      limits: defaultLimits,
      user: 0,
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
    assert.ok(counted().sent >= seen[0]!.sent, "what a closed connection sent stays counted");
    assert.match(counter.ciphers.join(), /^TLSv1\.3 TLS_/);
  });
}
