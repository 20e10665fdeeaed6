/** The rules of a heartbeat on real sockets, with its interval counted by hand. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { testCertificate, until } from "../../protocol/testing.ts";
import { Heartbeat } from "./heartbeat.ts";
import { outflow } from "./outflow.ts";

const everyMs = 1000;
/** More than the kernel keeps for one connection at both its ends. */
const more = 64 * 1024 * 1024;

interface Ends {
  readonly own: Socket;
  readonly peer: Socket;
}

const ways: Record<string, (t: TestContext) => Promise<Ends>> = {
  TCP: async (t) => {
    const server = createServer().listen(0, "127.0.0.1");
    t.after(() => server.close());
    await once(server, "listening");
    const peer = connect((server.address() as AddressInfo).port, "127.0.0.1");
    const [own] = (await once(server, "connection")) as [Socket];
    return { own, peer };
  },
  TLS: async (t) => {
    const server = createTlsServer(testCertificate).listen(0, "127.0.0.1");
    t.after(() => server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const peer = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
    const [own] = (await once(server, "secureConnection")) as [Socket];
    return { own, peer };
  },
};

for (const [name, ends] of Object.entries(ways)) {
  describe(`a heartbeat over ${name}`, { timeout: 120_000 }, () => {
    async function beating(t: TestContext) {
      const { own, peer } = await ends(t);
      for (const socket of [own, peer]) {
        socket.on("error", () => {});
        t.after(() => socket.destroy());
      }
      const seen = { asked: 0, lost: 0 };
      t.mock.timers.enable({ apis: ["setInterval"] });
      new Heartbeat(own, everyMs, { beat: () => seen.asked++, lost: () => seen.lost++ });
      /** An interval passes, and what is decided after it is. */
      const pass = async (): Promise<void> => {
        t.mock.timers.tick(everyMs);
        await turn();
        await turn();
      };
      return { own, peer, seen, pass };
    }

    it("asks after one interval, and gives up a peer that is silent for another", async (t) => {
      const { seen, pass } = await beating(t);
      await pass();
      assert.deepEqual(seen, { asked: 1, lost: 0 });
      await pass();
      await pass();
      assert.deepEqual(seen, { asked: 1, lost: 1 });
    });

    it("takes any byte for an answer, for a message may take long to arrive", async (t) => {
      const { own, peer, seen, pass } = await beating(t);
      for (let asked = 1; asked <= 4; asked++) {
        await pass();
        assert.deepEqual(seen, { asked, lost: 0 });
        const heard = once(own, "data");
        peer.write("x");
        await heard;
      }
    });

    it("asks nothing behind bytes that wait, and takes it for life that they go on", async (t) => {
      const { own, peer, seen, pass } = await beating(t);
      peer.pause();
      own.write(Buffer.alloc(more));
      await pass();
      assert.deepEqual(seen, { asked: 0, lost: 0 });
      const before = outflow(own);
      assert.ok(before.waiting > 0);
      peer.resume();
      await until(() => outflow(own).taken > before.taken);
      await pass();
      assert.equal(seen.lost, 0);
    });

    it("gives up a peer that takes none of the bytes that wait", async (t) => {
      const { own, peer, seen, pass } = await beating(t);
      peer.pause();
      own.write(Buffer.alloc(more));
      // The kernels still move what they have room for.
      await until(async () => {
        await pass();
        return seen.lost === 1;
      });
      assert.equal(seen.asked, 0);
    });
  });
}
