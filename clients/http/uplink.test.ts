import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CloseReason } from "../../protocol/contract.ts";
import type { Answer, AnswerListener, Ask, Exchange } from "./exchange.ts";
import { Uplink } from "./uplink.ts";

/** An exchange whose answers are given by the test. */
function uplinkWith(bodyBytesMax = 1000) {
  const posts: (AnswerListener & { body: string | undefined })[] = [];
  const failures: CloseReason[] = [];
  const exchange = {
    start: ({ json }: Ask, listener: AnswerListener) => void posts.push({ body: json, ...listener }),
  } as Exchange;
  const failed = (reason: CloseReason): void => void failures.push(reason);
  return { uplink: new Uplink({ exchange, path: "/m", bodyBytesMax, failed }), posts, failures };
}

const done: Answer = { status: 204, text: "" };

describe("an uplink", () => {
  it("posts the first message at once and those that come meanwhile together, in order", async () => {
    const { uplink, posts } = uplinkWith();
    uplink.send("a");
    uplink.send("b");
    uplink.send(Buffer.of(0));
    assert.deepEqual(
      posts.map(({ body }) => body),
      ['["a"]'],
    );
    posts[0]!.answered(done);
    assert.deepEqual(
      posts.map(({ body }) => body),
      ['["a"]', '["b",{"base64":"AA=="}]'],
    );
    posts[1]!.answered(done);
    await uplink.drained();
    uplink.send("c");
    assert.equal(posts[2]?.body, '["c"]');
  });

  it("never posts more than the server takes", async () => {
    const { uplink, posts } = uplinkWith(12);
    for (const text of ["a", "bb", "ccc", "dddddddddddddddd", "e"]) uplink.send(text);
    for (let post = 0; post < 4; post++) posts[post]!.answered(done);
    assert.deepEqual(
      posts.map(({ body }) => body),
      ['["a"]', '["bb","ccc"]', '["dddddddddddddddd"]', '["e"]'],
    );
  });

  it("counts the bytes that wait", async () => {
    const { uplink, posts } = uplinkWith();
    uplink.send("a");
    assert.equal(uplink.bufferedBytes, 0);
    uplink.send("€");
    uplink.send("b");
    assert.equal(uplink.bufferedBytes, 8);
    posts[0]!.answered(done);
    assert.equal(uplink.bufferedBytes, 0);
  });

  it("says why a post was refused, with the status", async () => {
    const { uplink, posts, failures } = uplinkWith();
    uplink.send("a");
    uplink.send("b");
    posts[0]!.answered({ status: 413, text: "too large\n" });
    await uplink.drained();
    assert.deepEqual(failures, [{ by: "server", message: "status 413 Payload Too Large (too large)" }]);
    assert.equal(posts.length, 1);
  });

  it("says that the network failed", async () => {
    const { uplink, posts, failures } = uplinkWith();
    uplink.send("a");
    posts[0]!.failed(new Error("connect ECONNREFUSED"));
    await uplink.drained();
    assert.deepEqual(failures, [{ by: "network", message: "connect ECONNREFUSED" }]);
  });
});
