/** Signs of life: they keep a connection that says nothing else, and whoever misses one gives the other side up. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { openSession } from "../../clients/xmpp/session.ts";
import { tcpBinding } from "../../clients/xmpp/tcp.ts";
import { addressOf } from "../../protocol/address.ts";
import {
  type Behaviour,
  type ClientConnection,
  defaultLimits,
  type Payload,
  type ServerConnection,
} from "../../protocol/contract.ts";
import { heartbeatName } from "../../protocol/options/heartbeat.ts";
import { pollInterval } from "../../protocol/options/poll-interval.ts";
import { until } from "../../protocol/testing.ts";
import { Relay } from "../relay/relay.ts";
import { through } from "../relay/way.ts";
import { Wiretap } from "../relay/wiretap.ts";
import { clientsOf, protocols } from "../targets/protocols.ts";
import { embeddedTarget, withOption } from "../targets/target.ts";

const spoken = protocols.flatMap((protocol) => {
  const { name, heartbeat } = protocol.server.traits;
  if (heartbeat === undefined) return [];
  return clientsOf(protocol).map(([kind, client]) => ({
    title: `${name}, ${kind} client`,
    protocol,
    client,
    heartbeat,
  }));
});

/** A server of the protocol with such a heartbeat, and how many of its connections have ended. */
async function serve(
  { protocol: { server } }: (typeof spoken)[number],
  every: string,
  opened: (connection: ServerConnection) => void = () => {},
) {
  const target = embeddedTarget(server.traits.name);
  const { options } = withOption(withOption(target, pollInterval.name, every) ?? target, heartbeatName, every)!;
  const ended = { connections: 0 };
  const behaviour: Behaviour = (connection) => {
    opened(connection);
    return { message: () => {}, closed: () => void ended.connections++ };
  };
  const running = await server.listen({ host: "127.0.0.1", port: 0, behaviour, limits: defaultLimits, options });
  return { running, options, ended };
}

/** How often the timers of this length have been put off. */
function countRefreshes(t: TestContext, ms: number): () => number {
  const { setTimeout } = globalThis;
  let refreshes = 0;
  const counted = (call: () => void, delayMs: number): NodeJS.Timeout => {
    const timer = setTimeout(call, delayMs);
    if (delayMs !== ms) return timer;
    const { refresh } = timer;
    timer.refresh = () => {
      refreshes++;
      return refresh.call(timer);
    };
    return timer;
  };
  t.mock.method(globalThis, "setTimeout", counted as typeof setTimeout);
  return () => refreshes;
}

/** A way to a server that lets pass no more than so many bytes of what it says. */
class Gate {
  left = Number.POSITIVE_INFINITY;
  readonly #sockets: Socket[] = [];
  readonly #server: Server;

  private constructor({ host, port }: { host: string; port: number }) {
    this.#server = createServer((near) => {
      const far = connect({ host, port });
      for (const socket of [near, far]) this.#sockets.push(socket.on("error", () => {}));
      near.pipe(far);
      far.on("data", (chunk) => {
        const passed = chunk.subarray(0, this.left);
        this.left -= passed.byteLength;
        near.write(passed);
      });
    });
  }

  static async to(target: { host: string; port: number }): Promise<Gate> {
    const gate = new Gate(target);
    gate.#server.listen(0, "127.0.0.1");
    await once(gate.#server, "listening");
    return gate;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  leaves(bytes: number): void {
    this.left = bytes;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

const signal = new AbortController().signal;
const said = { limits: defaultLimits, user: 0, signal, onMessage: () => {} };

// They wait for timers, and for nothing else.
describe("a heartbeat", { concurrency: true }, () => {
  for (const way of spoken) {
    it(`keeps a silent connection: ${way.title}`, async () => {
      // A second of one busy process is less likely than a test that takes longer is dear.
      const { running, options, ended } = await serve(way, "1s");
      let words = 0;
      const hear = ({ direction }: { direction: string }): void => void (direction === "down" && words++);
      await using tap = await Wiretap.on(addressOf(running.url), undefined, hear);
      let connection: ClientConnection | undefined;
      try {
        connection = await way.client.connect({ ...said, url: through(running.url, tap.port), options });
        const before = words;
        await until(() => words >= before + 2);
        assert.equal(ended.connections, 0);
      } finally {
        await connection?.close();
        await running.close();
      }
    });

    it(`is missed where the way is silent: ${way.title}`, async () => {
      const { running, options, ended } = await serve(way, "300ms");
      await using relay = await Relay.to(addressOf(running.url));
      try {
        const connection = await way.client.connect({ ...said, url: through(running.url, relay.port), options });
        relay.stall();
        const { by, message } = await connection.closed;
        assert.equal(by, "network");
        assert.match(message, /nothing was heard for 600 ms/);
        if (way.heartbeat.noticedBy.includes("server")) await until(() => ended.connections === 1);
        else assert.equal(ended.connections, 0, "comments are not answered");
      } finally {
        await running.close();
      }
    });
  }

  it("that is missed leaves a session of XMPP to whoever comes back for it (XEP-0198)", async () => {
    const { running, options, ended } = await serve(spoken.find(({ title }) => title.startsWith("xmpp,"))!, "300ms");
    await using relay = await Relay.to(addressOf(running.url));
    const asked = { limits: defaultLimits, user: 0, signal, onStanza: () => {} };
    try {
      const url = through(running.url, relay.port);
      const first = await openSession(tcpBinding, { ...asked, url, options, streamManagement: true });
      relay.stall();
      await first.closed;
      const streamManagement = first.streamManagement!;
      const second = await openSession(tcpBinding, { ...asked, url: running.url, streamManagement });
      assert.equal(second.resumed, true);
      assert.equal(ended.connections, 0);
      await second.close();
    } finally {
      await running.close();
    }
  });
});

// One after the other, since they count what all timers do.
describe("a sign of life", () => {
  // Short polling asks so often that nobody could tell; its answers are read as those of long polling.
  for (const way of spoken.filter(({ protocol }) => !protocol.server.traits.options?.includes(pollInterval))) {
    it(`is a part of a message: ${way.title}`, async (t) => {
      const refreshes = countRefreshes(t, 2 * 3_600_000);
      const received: Payload[] = [];
      const { promise: opened, resolve } = Promise.withResolvers<ServerConnection>();
      const { running, options } = await serve(way, "1h", resolve);
      const gate = await Gate.to(addressOf(running.url));
      let connection: ClientConnection | undefined;
      try {
        const onMessage = (payload: Payload): void => void received.push(payload);
        connection = await way.client.connect({ ...said, onMessage, url: through(running.url, gate.port), options });
        const user = await opened;
        gate.leaves(50_000);
        const before = refreshes();
        user.send("x".repeat(100_000));
        await until(() => refreshes() > before && gate.left === 0);
        assert.deepEqual(received, []);
      } finally {
        gate.close();
        await connection?.close();
        await running.close();
      }
    });
  }
});
