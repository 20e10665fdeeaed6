/** What the tests of the load balancer share: nodes that say who they are, users that keep a cookie or do not. */
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { WebSocket } from "ws";
import type { Behaviour, ProtocolServer, RunningServer } from "../../../protocol/contract.ts";
import { haproxy } from "../../programs/haproxy.ts";
import { findProgram } from "../../programs/program.ts";
import type { ProgramOptions } from "../../programs/running-program.ts";
import { start } from "../../testing.ts";
import { websocketServer } from "../../websocket.ts";
import type { ProxiedNode, ProxySetup, RunningProxy } from "../balancer/balancer.ts";
import { renderConfiguration } from "./configuration.ts";
import { startProxy } from "./process.ts";

export interface FakeNode extends ProxiedNode {
  /** What `/ready` answers. */
  readyStatus: number;
  /** Health checks answered. */
  checks: number;
  readonly server: RunningServer;
}

/** Answers every message with its name and the message: `node-1:hello`. */
export async function startNode(
  t: TestContext,
  name: string,
  { spare = false, protocol = websocketServer }: { spare?: boolean; protocol?: ProtocolServer } = {},
): Promise<FakeNode> {
  const behaviour: Behaviour = (connection) => ({
    message: (payload) => connection.send(`${name}:${payload}`),
    closed() {},
  });
  const server = await start(t, protocol, {}, behaviour);
  const health = createServer((_request, response) => {
    node.checks++;
    response.writeHead(node.readyStatus).end();
  });
  health.listen(0, "127.0.0.1");
  await once(health, "listening");
  t.after(() => {
    health.closeAllConnections();
    health.close();
  });
  const node: FakeNode = {
    name,
    port: Number(new URL(server.url).port),
    readyPort: (health.address() as AddressInfo).port,
    spare,
    readyStatus: 200,
    checks: 0,
    server,
  };
  return node;
}

export const startNodes = (t: TestContext, count: number, protocol?: ProtocolServer): Promise<FakeNode[]> =>
  Promise.all(
    Array.from({ length: count }, (_, index) =>
      startNode(t, `node-${index + 1}`, protocol === undefined ? {} : { protocol }),
    ),
  );

export const setupOf = (nodes: readonly ProxiedNode[], changes: Partial<ProxySetup> = {}): ProxySetup => ({
  policy: "round-robin",
  nodes,
  shutdownSessions: false,
  slowStartMs: 0,
  tunnelTimeoutMs: 3_600_000,
  ...changes,
});

/** Its folder goes with it. */
export function proxyOptions(changes: Partial<ProgramOptions> = {}): ProgramOptions {
  return {
    executable: findProgram(haproxy) ?? "haproxy",
    folder: changes.folder ?? mkdtempSync(join(tmpdir(), "wirebench-haproxy-")),
    temporary: true,
    ...changes,
  };
}

/** The nodes of a test share its process, and one that stands still for a second is not down for that. */
export const patientWithChecks: typeof renderConfiguration = (setup, place) => {
  const usual = "  timeout connect 5s\n";
  const configuration = renderConfiguration(setup, place);
  if (!configuration.includes(usual)) throw new Error("the configuration says something else now");
  return configuration.replace(usual, `${usual}  timeout check 30s\n`);
};

/** In front of the nodes, stopped after the test. */
export async function startTestProxy(
  t: TestContext,
  nodes: readonly ProxiedNode[],
  changes: Partial<ProxySetup> = {},
): Promise<RunningProxy> {
  const proxy = await startProxy(setupOf(nodes, changes), proxyOptions(), patientWithChecks);
  t.after(() => proxy.stop());
  return proxy;
}

export interface User {
  /** Name of the node that answers. */
  ask(text: string): Promise<string>;
  /** From the response that upgraded the connection, e.g. `serverid=node-1`. */
  readonly cookie: string | undefined;
  readonly closed: Promise<number>;
  close(): Promise<void>;
  readonly isOpen: boolean;
}

/** A WebSocket by way of the proxy; rejects when it is refused. */
export async function connectUser(
  t: TestContext,
  { authority }: RunningProxy,
  cookie?: string,
  query = "",
): Promise<User> {
  const webSocket = new WebSocket(`ws://${authority}/${query}`, cookie === undefined ? {} : { headers: { cookie } });
  t.after(() => webSocket.terminate());
  let given: string | undefined;
  webSocket.once("upgrade", ({ headers }) => {
    given = headers["set-cookie"]?.[0]?.split(";")[0];
  });
  const closed = new Promise<number>((resolve) => webSocket.once("close", resolve));
  await once(webSocket, "open");
  webSocket.on("error", () => {});
  return {
    cookie: given,
    closed,
    get isOpen() {
      return webSocket.readyState === WebSocket.OPEN;
    },
    async ask(text) {
      const answer = once(webSocket, "message");
      webSocket.send(text);
      const [node, said] = String((await Promise.race([answer, closed.then((code) => [`closed ${code}`])]))[0]).split(
        ":",
      );
      if (said !== text) throw new Error(`asked ${text}, was answered ${node}:${said}`);
      return node!;
    },
    async close() {
      webSocket.close();
      await closed;
    },
  };
}

/** Connects one user and tells which node has it. */
export async function nodeOfNewUser(
  t: TestContext,
  proxy: RunningProxy,
  cookie?: string,
  query?: string,
): Promise<string> {
  const user = await connectUser(t, proxy, cookie, query);
  return user.ask("who");
}

export async function statusOf(proxy: RunningProxy, { name }: ProxiedNode): Promise<string> {
  return (await proxy.status()).find((node) => node.name === name)!.status;
}
