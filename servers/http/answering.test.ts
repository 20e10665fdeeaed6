/** What requests hear whose responses carry the answers, as bytes. */
import assert from "node:assert/strict";
import { describe, it, type TestContext, test } from "node:test";
import type { Limits, ServerConnection } from "../../protocol/contract.ts";
import { until } from "../../protocol/testing.ts";
import { httpServer } from "../http.ts";
import { RawPeer, start } from "../testing.ts";
import { AnsweredConnection } from "./answered-connection.ts";

const post = (path: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** A user who has come, and the server's end of it. */
async function come(t: TestContext, limits: Partial<Limits> = {}) {
  const opened: ServerConnection[] = [];
  const heard: unknown[] = [];
  const running = await start(t, httpServer, limits, (connection) => {
    opened.push(connection);
    return { message: (payload) => void heard.push(payload), closed: () => heard.push("closed") };
  });
  const peer = (await RawPeer.connect(t, running.url)).write(post("/connections", "[]"));
  const [, id] = /\{"id":"([^"]+)"\}/.exec(await peer.until(/\{"id":"([^"]+)"\}/))!;
  const path = `/connections/${id}/messages`;
  return { running, peer, path, heard, connection: opened[0]! };
}

describe("requests whose responses carry the answers", { timeout: 20_000 }, () => {
  it("bring with the next response what the server said unasked, once", async (t) => {
    const { peer, path, connection } = await come(t);
    connection.send("news");
    connection.send(Buffer.from([0, 1]));
    await peer.write(post(path, "[]")).until(/ 200 OK[\s\S]*\r\n\r\n\["news",\{"base64":"AAE="\}\]$/);
    await peer.write(post(path, "[]")).until(/ 204 No Content\r\n/);
  });

  it("are handled in the order of their numbers, though answered as they came on one connection", async (t) => {
    const { peer, path, heard, connection } = await come(t);
    connection.send("news");
    peer.write(post(`${path}?number=1`, '["second"]')).write(post(`${path}?number=0`, '["first"]'));
    await peer.until(/ 204 No Content\r\n[\s\S]* 200 OK[\s\S]*\["news"\]$/);
    assert.deepEqual(heard, ["first", "second"]);
  });

  it("are refused with a number that is not due, or is none", async (t) => {
    const { peer, path } = await come(t);
    await peer.write(post(`${path}?number=6`, "[]")).until(/ 409 Conflict/);
    await peer.write(post(`${path}?number=x`, "[]")).until(/ 400 Bad Request/);
  });

  it("are refused beyond what may wait for an earlier one", async (t) => {
    const { peer, path } = await come(t, { queueBytesMax: 10 });
    await peer.write(post(`${path}?number=1`, '["too much"]')).until(/ 503 Service Unavailable/);
  });

  it("are forgotten with their user, once the last connection of it has closed and the user stays away", async (t) => {
    const { running, peer, heard } = await come(t, { idleMs: 40 });
    peer.socket.destroy();
    await until(() => running.connections === 0);
    assert.deepEqual(heard, ["closed"]);
  });
});

test("a user is not idle while a connection of it is open, unless the server has said the end", () => {
  const wire = new AnsweredConnection(() => {});
  const left = [wire.carried(), wire.carried()];
  const later = performance.now() + 3_600_000;
  left[0]!();
  assert.equal(wire.idleMs(later), 0);
  wire.end();
  assert.ok(wire.idleMs(later) > 0);
  left[1]!();
  assert.ok(wire.idleMs(later) > 0);
});
