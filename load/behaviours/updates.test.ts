/** What a publisher of updates says to whom, without a wire. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConnectionHandler } from "../../protocol/contract.ts";
import { until } from "../../protocol/testing.ts";
import { type UpdatesBehaviour, type UpdatesOrder, updatesBehaviour } from "./updates.ts";

class Peer {
  readonly heard: string[] = [];
  readonly positions: (string | undefined)[] = [];
  readonly handler: ConnectionHandler;
  isClosed = false;

  constructor({ behaviour }: UpdatesBehaviour, resumesFrom?: string) {
    this.handler = behaviour({
      resumesFrom,
      send: (payload, position) => {
        this.heard.push(String(payload).replace(/ x*$/, ""));
        this.positions.push(position);
      },
      close: () => {
        this.isClosed = true;
      },
    });
  }
}

/** With as many updates as that published, to nobody. */
async function published(updates: number, order: Omit<UpdatesOrder, "ratePerSecond">): Promise<UpdatesBehaviour> {
  const publisher = updatesBehaviour(16, { ratePerSecond: 1000, ...order });
  const sending = publisher.send();
  await until(() => publisher.log.publishedNs.length >= updates);
  publisher.halt();
  await sending;
  publisher.log.publishedNs.length = updates;
  return publisher;
}

test("whoever names no position hears where it is, and what comes", async () => {
  const publisher = await published(3, { history: 10 });
  const { heard, positions } = new Peer(publisher);
  assert.deepEqual([heard, positions], [["hello 1 3"], ["3"]]);
});

test("whoever names one hears all that followed, each with its own", async () => {
  const publisher = await published(5, { history: 10 });
  const { heard, positions } = new Peer(publisher, "2");
  assert.deepEqual(heard, ["hello 1 5", "3", "4", "5"]);
  assert.deepEqual(positions, ["2", "3", "4", "5"]);
  assert.deepEqual(publisher.log.handed, [[[3, 5]]]);
});

test("no more is kept than the history holds, and nonsense is no position", async () => {
  const publisher = await published(5, { history: 2 });
  assert.deepEqual(new Peer(publisher, "1").heard.slice(1), ["4", "5"]);
  assert.deepEqual(new Peer(publisher, "1e3; DROP").heard.slice(1), []);
  assert.deepEqual(new Peer(publisher, "9000").heard.slice(1), []);
});

test("where an application says it, nothing comes before it has, and it says so once", async () => {
  const publisher = await published(4, { history: 10, asksWhere: true });
  const back = new Peer(publisher);
  assert.deepEqual(back.heard, []);
  back.handler.message("after 2");
  assert.deepEqual(back.heard, ["hello 1 4", "3", "4"]);
  const fresh = new Peer(publisher);
  fresh.handler.message("after ");
  assert.deepEqual(fresh.heard, ["hello 2 4"]);
  fresh.handler.message("after 0");
  assert.ok(fresh.isClosed);
});
