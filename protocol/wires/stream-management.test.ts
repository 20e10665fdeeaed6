import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Element } from "@xmpp/xml";
import { seededRandom } from "../random.ts";
import { parseCount, StanzaLedger } from "./stream-management.ts";

const message = (id: number, text = ""): Element => new Element("message", { id: `${id}` }).t(text);
const idsOf = (ledger: StanzaLedger): number[] => ledger.unacknowledged.map(({ attrs }) => Number(attrs.id));

describe("a count of stream management", () => {
  it("is a number of 32 bits without a sign", () => {
    assert.equal(parseCount("0"), 0);
    assert.equal(parseCount("4294967295"), 2 ** 32 - 1);
    for (const text of [undefined, "", "-1", "+1", "1.5", "0x10", " 1", "1e3", "4294967296", "99999999999", "NaN"]) {
      assert.equal(parseCount(text), undefined, text);
    }
  });
});

describe("the ledger of stream management", () => {
  it("keeps what is sent until it is acknowledged, in order", () => {
    const ledger = new StanzaLedger(1e6);
    for (let id = 1; id <= 5; id++) assert.ok(ledger.keep(message(id)));
    assert.ok(ledger.acknowledge(2));
    assert.deepEqual(idsOf(ledger), [3, 4, 5]);
    assert.ok(ledger.acknowledge(2), "an acknowledgement may come twice");
    assert.ok(ledger.acknowledge(5));
    assert.deepEqual(idsOf(ledger), []);
    assert.equal(ledger.unacknowledgedBytes, 0);
    assert.equal(ledger.sent, 5);
  });

  it("does not believe in more than was sent, nor in less than was acknowledged", () => {
    const ledger = new StanzaLedger(1e6);
    for (let id = 1; id <= 5; id++) ledger.keep(message(id));
    assert.ok(ledger.acknowledge(3));
    for (const handled of [6, 2, 0, 2 ** 32 - 1]) assert.ok(!ledger.acknowledge(handled), `${handled}`);
    assert.deepEqual(idsOf(ledger), [4, 5]);
  });

  it("counts on from zero after 2^32 - 1, in both directions", () => {
    const ledger = new StanzaLedger(1e6, 2 ** 32 - 3);
    for (let id = 1; id <= 5; id++) {
      ledger.keep(message(id));
      ledger.handle();
    }
    assert.equal(ledger.sent, 2);
    assert.equal(ledger.handled, 2);
    assert.ok(!ledger.acknowledge(3));
    assert.ok(ledger.acknowledge(2 ** 32 - 1));
    assert.deepEqual(idsOf(ledger), [3, 4, 5]);
    assert.ok(ledger.acknowledge(1));
    assert.deepEqual(idsOf(ledger), [5]);
    assert.ok(ledger.acknowledge(2));
  });

  it("takes no more than its bound, and takes again what fits when some is acknowledged", () => {
    const ledger = new StanzaLedger(2000);
    let kept = 0;
    while (ledger.keep(message(kept + 1, "x".repeat(100)))) kept++;
    assert.ok(kept > 1 && kept < 20, `${kept}`);
    assert.ok(ledger.unacknowledgedBytes <= 2000);
    assert.equal(ledger.sent, kept);
    assert.ok(ledger.acknowledge(1));
    assert.ok(ledger.keep(message(0, "x".repeat(100))));
    assert.ok(!ledger.keep(message(0, "x".repeat(3000))));
  });

  it("asks for an acknowledgement by count or size, however fast stanzas follow", () => {
    const ledger = new StanzaLedger(1e6);
    const asked: number[] = [];
    for (let id = 1; id <= 64; id++) {
      ledger.keep(message(id));
      if (ledger.takeRequest()) asked.push(id);
    }
    assert.deepEqual(asked, [16, 32, 48, 64]);
    const large = new StanzaLedger(1e6);
    large.keep(message(1, "x".repeat(200_000)));
    assert.ok(large.takeRequest());
    assert.ok(!large.takeRequest());
  });

  it("holds exactly what a peer has not handled, whatever the order of events", () => {
    const random = seededRandom(198);
    const below = (limit: number): number => Math.floor(random() * limit);
    const first = 2 ** 32 - 500;
    const ledger = new StanzaLedger(1e6, first);
    const expected: number[] = [];
    let sent = 0;
    for (let step = 0; step < 5000; step++) {
      if (below(2) === 0) {
        ledger.keep(message(++sent));
        expected.push(sent);
      } else {
        const handled = below(expected.length + 1);
        expected.splice(0, handled);
        assert.ok(ledger.acknowledge((first + sent - expected.length) % 2 ** 32));
      }
      assert.deepEqual(idsOf(ledger), expected);
      assert.equal(ledger.unacknowledgedCount, expected.length);
    }
  });
});
