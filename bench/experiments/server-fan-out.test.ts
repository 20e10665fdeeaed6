/** What leaves a server when, and what a fan-out tells of it. */
import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { after, describe, it, type TestContext } from "node:test";
import { trustCertificate } from "../../clients/connection/trust.ts";
import { connectClient } from "../../load/users/connect.ts";
import { defaultLimits, type ServerConnection } from "../../protocol/contract.ts";
import { until } from "../../protocol/testing.ts";
import { ProgramPool } from "../rigs/program-pool.ts";
import { protocolNamed, protocolNames } from "../targets/protocols.ts";
import { parseTarget, traitsOf } from "../targets/target.ts";
import { clusterPresets } from "./cluster/presets.ts";
import { presets } from "./comparison/presets.ts";
import { serverFanOut } from "./server-fan-out.ts";
import { measureOnce } from "./testing.ts";

const programs = new ProgramPool();
after(() => programs[Symbol.asyncDispose]());
const context = { seed: 1, trial: 1, signal: new AbortController().signal, programs };

const cellsOf = (target: string, durationMs: number = presets.quick.settings.durationMs) =>
  serverFanOut.cells({
    targets: [parseTarget(target)],
    traffic: { ...presets.quick.settings, durationMs },
    cluster: clusterPresets.quick,
  });

/** Sockets that servers of this process have accepted. */
function acceptedSockets(t: TestContext): Set<Socket> {
  const sockets = new Set<Socket>();
  const onSocket = (message: unknown): void => void sockets.add((message as { socket: Socket }).socket);
  subscribe("net.server.socket", onSocket);
  t.after(() => unsubscribe("net.server.socket", onSocket));
  return sockets;
}

/** Bytes that the kernel has been given, and not what waits in the process. */
const handedOver = (sockets: Iterable<Socket>): number =>
  [...sockets].reduce((sum, { _handle: handle }: Socket & { _handle?: { bytesWritten: number } }) => {
    return sum + (handle?.bytesWritten ?? 0);
  }, 0);

describe("what is sent in a turn", () => {
  const streams = protocolNames.filter((name) => /^(stream|held-request)$/.test(traitsOf(parseTarget(name)).downlink));
  for (const label of [...streams, "sse+h2", "sse+deflate", "long-polling+h2", "websocket+deflate", "websocket+tls"]) {
    it(`leaves as ${label} says, at once or when the turn is over`, async (t) => {
      const { protocol, options } = parseTarget(label);
      const { server, client } = protocolNamed(protocol);
      const sockets = acceptedSockets(t);
      let connection: ServerConnection | undefined;
      const behaviour = (opened: ServerConnection) => {
        connection = opened;
        return { message() {}, closed() {} };
      };
      const shared = { limits: defaultLimits, options };
      const running = await server.listen({ ...shared, host: "127.0.0.1", port: 0, behaviour });
      t.after(() => running.close());
      const heard: unknown[] = [];
      const { url } = running;
      trustCertificate(running.certificate);
      const user = await connectClient(client, { ...shared, url, user: 0, onMessage: (word) => heard.push(word) });
      await until(() => connection !== undefined && connection.isAwaited !== false);
      const before = handedOver(sockets);
      connection!.send("x".repeat(4096));
      const leftAtOnce = handedOver(sockets) > before;
      await until(() => heard.length === 1);
      assert.equal(leftAtOnce, server.traits.leavesAfterTurn?.(options) !== true);
      await user.close();
    });
  }
});

describe("the fan-out experiment", () => {
  it("leaves out those who come for their messages, and servers of others", () => {
    const unfit = (target: string) => serverFanOut.unfit!(cellsOf(target)[0]!);
    assert.match(unfit("short-polling")!, /scenario push/);
    assert.match(unfit("xmpp@prosody")!, /scenario room/);
    assert.equal(unfit("sse"), undefined);
  });

  it("goes up to 2000 subscribers where windows are long, and yields where there are enough of them", () => {
    const [protocol] = protocolNames;
    assert.deepEqual(
      cellsOf(protocol!, 5000).map(({ variant }) => variant.split(" subscribers, ").join(": ")),
      [
        "10: plain loop",
        "100: plain loop",
        "500: plain loop",
        "500: yielding every 100",
        "2000: plain loop",
        "2000: yielding every 100",
      ],
    );
  });

  it("tells loop, recipients and bystander apart", async () => {
    const [cell] = cellsOf("sse");
    const { measures, predictions, windows } = await measureOnce(
      serverFanOut,
      { ...cell!, parameters: { ...cell!.parameters, durationMs: 400, warmupMs: 0 } },
      context,
    );
    assert.deepEqual(
      predictions.filter(({ verdict }) => verdict !== "held"),
      [],
    );
    assert.equal(predictions.length, 5, "what leaves after the turn is heard after the loop");
    assert.equal(measures.deliveriesPerPublication, 10);
    assert.ok(measures.loopP50Us! > 0 && measures.loopStretchP50Us! > 0);
    assert.ok(measures.bystanderP50Us! > 0 && measures.bystanderAloneP50Us! > 0);
    assert.equal(windows.length, 1);
  });
});
