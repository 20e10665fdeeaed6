import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { Behaviour, ConnectionHandler, Limits, RunningServer, ServerConnection } from "../../protocol/contract.ts";
import { until } from "../../protocol/testing.ts";
import { echo, RawPeer, start } from "../testing.ts";
import { listenPolling } from "./polling.ts";

interface Answered {
  readonly status: number;
  readonly body: { readonly cursor: number; readonly messages: readonly unknown[] } | undefined;
}

/** One connection to a polling server, made by hand. */
class Poller {
  readonly url: URL;

  private constructor(url: URL) {
    this.url = url;
  }

  static async open({ url }: RunningServer): Promise<Poller> {
    const answer = await fetch(new URL("connections", url), { method: "POST" });
    assert.equal(answer.status, 201);
    const { id } = (await answer.json()) as { id: string };
    return new Poller(new URL(`connections/${id}`, url));
  }

  async get(query = "?after=0"): Promise<Answered> {
    const answer = await fetch(`${this.url}/messages${query}`);
    const text = await answer.text();
    return { status: answer.status, body: answer.status === 200 ? JSON.parse(text) : undefined };
  }

  async post(messages: unknown[]): Promise<number> {
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(messages) };
    return (await fetch(`${this.url}/messages`, init)).status;
  }

  async delete(): Promise<number> {
    return (await fetch(this.url, { method: "DELETE" })).status;
  }
}

/** A behaviour the test acts for: `opened` is the connection, `heard` what it was told. */
function observed(): { behaviour: Behaviour; opened: ServerConnection[]; closed: Promise<void> } {
  const opened: ServerConnection[] = [];
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const behaviour = (connection: ServerConnection): ConnectionHandler => {
    opened.push(connection);
    return { message: () => {}, closed: resolve };
  };
  return { behaviour, opened, closed };
}

const polling = (holdMs: number) => ({
  listen: (options: Parameters<typeof listenPolling>[0]) => listenPolling(options, holdMs),
});

const startPolling = (t: TestContext, holdMs: number, limits: Partial<Limits> = {}, behaviour = echo) =>
  start(t, polling(holdMs), limits, behaviour);

describe("a polling server that holds nothing", { timeout: 120_000 }, () => {
  it("answers 204 at once while there is no message", async (t) => {
    const poller = await Poller.open(await startPolling(t, 0));
    assert.equal((await poller.get()).status, 204);
  });

  it("gives the same messages for a repeated cursor, and forgets them for the next", async (t) => {
    const poller = await Poller.open(await startPolling(t, 0));
    assert.equal(await poller.post(["a", { base64: "AAE=" }]), 204);
    const first = { status: 200, body: { cursor: 2, messages: ["a", { base64: "AAE=" }] } };
    assert.deepEqual(await poller.get(), first);
    assert.deepEqual(await poller.get(), first);
    await poller.post(["b"]);
    assert.deepEqual(await poller.get("?after=2"), { status: 200, body: { cursor: 3, messages: ["b"] } });
    assert.equal((await poller.get("?after=3")).status, 204);
  });

  it("answers 409 to a cursor it has forgotten or never gave", async (t) => {
    const poller = await Poller.open(await startPolling(t, 0));
    await poller.post(["a"]);
    assert.equal((await poller.get("?after=9")).status, 409);
    await poller.get("?after=1");
    assert.equal((await poller.get("?after=0")).status, 409);
    assert.equal((await poller.get("?after=1")).status, 204);
  });

  it("knows of no request that could wait", async (t) => {
    const { behaviour, opened } = observed();
    const poller = await Poller.open(await startPolling(t, 0, {}, behaviour));
    assert.equal(opened[0]!.isAwaited, undefined);
    await poller.get();
    assert.equal(opened[0]!.isAwaited, undefined);
  });

  it("answers 400 to a cursor that is not a number", async (t) => {
    const poller = await Poller.open(await startPolling(t, 0));
    for (const query of [
      "",
      "?",
      "?after=",
      "?after=x",
      "?after=-1",
      "?after=1.5",
      "?after=1e3",
      `?after=${"9".repeat(16)}`,
      "?other=1",
    ]) {
      assert.equal((await poller.get(query)).status, 400, query);
    }
  });

  it("ends with DELETE, after which its paths are unknown", async (t) => {
    const { behaviour, closed } = observed();
    const running = await startPolling(t, 0, {}, behaviour);
    const poller = await Poller.open(running);
    assert.equal(running.connections, 1);
    assert.equal(await poller.delete(), 204);
    await closed;
    assert.equal(running.connections, 0);
    assert.deepEqual([await poller.delete(), (await poller.get()).status, await poller.post([])], [404, 404, 404]);
  });

  it("answers 410 once after a mailbox overflowed, and forgets it", async (t) => {
    const { behaviour, opened, closed } = observed();
    const running = await startPolling(t, 0, { queueBytesMax: 1000 }, behaviour);
    const poller = await Poller.open(running);
    const healthy = await Poller.open(running);
    for (let sent = 0; sent < 20; sent++) opened[0]!.send("x".repeat(100));
    await closed;
    assert.equal(running.connections, 1);
    assert.equal(await poller.post(["late"]), 410);
    assert.equal((await poller.get()).status, 410);
    assert.equal((await poller.get()).status, 404);
    opened[1]!.send("fine");
    assert.deepEqual((await healthy.get()).body?.messages, ["fine"]);
  });

  it("delivers what was sent before it closed, then answers 410", async (t) => {
    const { behaviour, opened, closed } = observed();
    const running = await startPolling(t, 0, {}, behaviour);
    const poller = await Poller.open(running);
    opened[0]!.send("last words");
    opened[0]!.close();
    opened[0]!.send("too late");
    assert.equal(await poller.post(["unheard"]), 410);
    assert.deepEqual((await poller.get()).body?.messages, ["last words"]);
    assert.equal((await poller.get("?after=1")).status, 410);
    await closed;
    assert.equal(running.connections, 0);
  });

  it("gives up a connection that asks for nothing", async (t) => {
    const { behaviour, closed } = observed();
    const running = await startPolling(t, 0, { idleMs: 40 }, behaviour);
    const poller = await Poller.open(running);
    await closed;
    assert.equal(running.connections, 0);
    assert.equal((await poller.get()).status, 404);
  });

  it("opens a connection for a behaviour that closes it at once", async (t) => {
    const closing: Behaviour = (connection) => {
      connection.send("sorry");
      connection.close();
      return { message: () => {}, closed: () => {} };
    };
    const poller = await Poller.open(await startPolling(t, 0, {}, closing));
    assert.deepEqual((await poller.get()).body?.messages, ["sorry"]);
    assert.equal((await poller.get("?after=1")).status, 410);
  });
});

describe("a polling server that holds requests", { timeout: 120_000 }, () => {
  it("answers with the messages of one turn together as soon as they come", async (t) => {
    const poller = await Poller.open(await startPolling(t, 10_000));
    const held = poller.get();
    assert.equal(await poller.post(["a", "b", "c"]), 204);
    assert.deepEqual((await held).body, { cursor: 3, messages: ["a", "b", "c"] });
  });

  it("knows whether a request waits for what is sent", async (t) => {
    const { behaviour, opened } = observed();
    const poller = await Poller.open(await startPolling(t, 10_000, {}, behaviour));
    const [connection] = opened as [ServerConnection];
    assert.equal(connection.isAwaited, false);
    const held = poller.get();
    await until(() => connection.isAwaited === true);
    connection.send("a");
    assert.equal(connection.isAwaited, true, "what is sent in the same turn leaves in the same answer");
    connection.send("b");
    assert.deepEqual((await held).body?.messages, ["a", "b"]);
    assert.equal(connection.isAwaited, false);
  });

  it("answers 204 when the hold is over", async (t) => {
    const poller = await Poller.open(await startPolling(t, 20));
    assert.equal((await poller.get()).status, 204);
  });

  it("answers the older of two held requests 204 and serves the newer", async (t) => {
    const running = await startPolling(t, 10_000);
    const poller = await Poller.open(running);
    const request = `GET ${poller.url.pathname}/messages?after=0 HTTP/1.1\r\nHost: x\r\n\r\n`;
    const older = await RawPeer.connect(t, running.url);
    const newer = await RawPeer.connect(t, running.url);
    older.write(request);
    newer.write(request);
    // Which of them came first is the kernel's choice: one is let go, and then the other gets the message.
    await Promise.race([older.until(/^HTTP\/1\.1 204 /), newer.until(/^HTTP\/1\.1 204 /)]);
    await poller.post(["a"]);
    const waiting = older.received.startsWith("HTTP/1.1 204 ") ? newer : older;
    await waiting.until(/^HTTP\/1\.1 200 [\s\S]*\{"cursor":1,"messages":\["a"\]\}$/);
  });

  it("keeps messages for a peer whose held request was cut off", async (t) => {
    const running = await startPolling(t, 10_000);
    const poller = await Poller.open(running);
    const lost = await RawPeer.connect(t, running.url);
    lost.write(`GET ${poller.url.pathname}/messages?after=0 HTTP/1.1\r\nHost: x\r\n\r\n`);
    await poller.post(["a"]);
    lost.socket.resetAndDestroy();
    await poller.post(["b"]);
    assert.deepEqual((await poller.get()).body?.messages, ["a", "b"]);
  });

  it("answers a held request 410 when the behaviour closes", async (t) => {
    const { behaviour, opened, closed } = observed();
    const running = await startPolling(t, 10_000, {}, behaviour);
    const poller = await Poller.open(running);
    const held = poller.get();
    // The request is at the server when another one, sent after it, was answered.
    await poller.post([]);
    opened[0]!.close();
    assert.equal((await held).status, 410);
    await closed;
  });

  it("answers a held request 410 when another request deletes the connection", async (t) => {
    const poller = await Poller.open(await startPolling(t, 10_000));
    const held = poller.get();
    await poller.post([]);
    assert.equal(await poller.delete(), 204);
    assert.ok([404, 410].includes((await held).status));
  });

  it("does not count a held request as idle", async (t) => {
    const { behaviour, opened, closed } = observed();
    const running = await startPolling(t, 10_000, { idleMs: 300 }, behaviour);
    const held = (await Poller.open(running)).get();
    await Poller.open(running);
    // The one that asks for nothing is given up, and it is the younger.
    await closed;
    opened[0]!.send("still here");
    assert.deepEqual((await held).body?.messages, ["still here"]);
  });

  it("lets go of everything when it is closed", async (t) => {
    const { behaviour, closed } = observed();
    const running = await startPolling(t, 10_000, {}, behaviour);
    const poller = await Poller.open(running);
    const held = assert.rejects(poller.get());
    await poller.post([]);
    await Promise.all([running.close(), running.close()]);
    await Promise.all([held, closed]);
    assert.equal(running.connections, 0);
  });
});
