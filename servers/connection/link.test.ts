import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Behaviour, defaultLimits, type Payload, type ServerConnection } from "../../protocol/contract.ts";
import { ServerLink } from "./link.ts";

/** A link on a wire that only writes down what it is told. */
function linkWith(open: (connection: ServerConnection) => void, queueBytesMax = 100) {
  const log: string[] = [];
  let queued = 0;
  const behaviour: Behaviour = (connection) => {
    open(connection);
    return {
      message: (payload) => log.push(`message ${String(payload)}`),
      gaveUp: () => log.push("gave up"),
      closed: () => log.push("closed"),
    };
  };
  const wire = {
    transmit: (payload: Payload) => {
      queued += payload.length;
      log.push(`transmit ${String(payload)}`);
    },
    queuedBytes: () => queued,
    end: (why?: "restart") => log.push(why === undefined ? "end" : `end for ${why}`),
    endSlowConsumer: () => log.push("end slow consumer"),
  };
  const links = new Set<ServerLink>();
  const limits = { ...defaultLimits, payloadBytesMax: 50, queueBytesMax };
  return { link: new ServerLink(wire, behaviour, limits, links), log, links };
}

describe("a server link", () => {
  it("tells the behaviour of the end once", () => {
    const { link, log, links } = linkWith(() => {});
    link.ended();
    link.ended();
    link.receive("late");
    link.send("late");
    link.close();
    assert.deepEqual(log, ["closed"]);
    assert.equal(links.size, 0);
  });

  it("neither sends nor hears anything after it was closed, and ends when the protocol says so", () => {
    const { link, log, links } = linkWith(() => {});
    link.close();
    link.close();
    link.send("late");
    link.receive("late");
    assert.deepEqual([link.open, links.size, log], [false, 1, ["end"]]);
    link.ended();
    assert.deepEqual(log, ["end", "closed"]);
  });

  it("ends a consumer that does not read", () => {
    const { link, log } = linkWith(() => {}, 5);
    link.send("12345");
    link.send("6");
    assert.deepEqual(log, ["transmit 12345", "gave up", "closed", "end slow consumer"]);
  });

  it("tells a behaviour that overflowed the queue while it opened, once it is there to hear", () => {
    const { log, links } = linkWith((connection) => connection.send("123456"), 5);
    assert.deepEqual(log, ["end slow consumer", "gave up", "closed"]);
    assert.equal(links.size, 0);
  });

  it("lets a behaviour close while it opens", () => {
    assert.deepEqual(linkWith((connection) => connection.close()).log, ["end"]);
  });

  it("hands on that a close is for a restart", () => {
    assert.deepEqual(linkWith((connection) => connection.close("restart")).log, ["end for restart"]);
  });

  it("throws for a payload over the limit, which is the behaviour's fault", () => {
    const { link } = linkWith(() => {});
    assert.throws(() => link.send("x".repeat(51)), RangeError);
  });
});
