import assert from "node:assert/strict";
import { test } from "node:test";
import { DeliveryLedger } from "./ledger.ts";
import { roomOf } from "./rooms.ts";

test("rooms fill one after the other, and without rooms there is one", () => {
  assert.deepEqual(
    [0, 1, 2, 5].map((user) => roomOf(user, 2)),
    [0, 0, 1, 2],
  );
  assert.equal(roomOf(7, undefined), 0);
});

test("a message is owed to the users of its room, is stray in any other, and is missing only there", () => {
  const ledger = new DeliveryLedger();
  for (const user of [0, 1, 2, 3]) {
    assert.equal(ledger.addUser("from-the-start", roomOf(user, 2)), user);
    ledger.welcomed(user, `node-${(user % 2) + 1}`, 1);
  }
  ledger.published(0, 10);
  ledger.published(2, 20);
  assert.equal(ledger.delivered(0, 0, 0, 30), "new");
  assert.equal(ledger.delivered(2, 0, 0, 30), "stray");
  assert.equal(ledger.delivered(2, 2, 0, 30), "new");
  assert.equal(ledger.delivered(3, 2, 0, 30), "new");
  const { expectedDeliveries, deliveries, strayDeliveries, missingDeliveries, sameNodeExpected } = ledger.read();
  assert.deepEqual(
    { expectedDeliveries, deliveries, strayDeliveries, missingDeliveries, sameNodeExpected },
    { expectedDeliveries: 4, deliveries: 3, strayDeliveries: 1, missingDeliveries: 1, sameNodeExpected: 2 },
  );
  assert.deepEqual(
    ledger.missing(9).deliveries.map(({ user, publisher }) => [user, publisher]),
    [[1, 0]],
  );
});
