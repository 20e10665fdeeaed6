import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { it } from "node:test";
import { BoshAnswers } from "./bosh-answers.ts";

it("an answer that is asked for again and not read is let go of when it is asked for once more", {
  timeout: 60_000,
}, async (t) => {
  const answers = new BoshAnswers(2);
  // More than the kernel takes for a peer that does not read.
  const body = "x".repeat(64 * 1024 * 1024);
  answers.keep(1, body);
  const asked = (): Promise<unknown> => once(server, "request");
  const server = createServer((_request, response) => void answers.repeat(1, response)).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const peers = Array.from({ length: 3 }, () => connect(port, "127.0.0.1"));
  t.after(() => {
    for (const peer of peers) peer.destroy();
  });
  const lengths: Promise<number>[] = [];
  for (const peer of peers) {
    const request = asked();
    peer.pause().write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await request;
  }
  for (const peer of peers) lengths.push(lengthOf(peer));
  const [first, second, last] = await Promise.all(lengths);
  assert.ok(first! < body.length && second! < body.length);
  assert.ok(last! > body.length);

  async function lengthOf(peer: (typeof peers)[number]): Promise<number> {
    let length = 0;
    for await (const chunk of peer) {
      length += chunk.length;
      if (length > body.length) break;
    }
    return length;
  }
});
