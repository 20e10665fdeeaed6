import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Mailbox } from "./mailbox.ts";

describe("a mailbox", () => {
  it("gives the same messages again until the cursor passes them", () => {
    const mailbox = new Mailbox();
    mailbox.add('"a"');
    mailbox.add('"b"');
    assert.equal(mailbox.batch(), '{"cursor":2,"messages":["a","b"]}');
    assert.equal(mailbox.forget(0), true);
    assert.equal(mailbox.batch(), '{"cursor":2,"messages":["a","b"]}');
    assert.equal(mailbox.forget(1), true);
    mailbox.add('"c"');
    assert.equal(mailbox.batch(), '{"cursor":3,"messages":["b","c"]}');
    assert.equal(mailbox.forget(3), true);
    assert.ok(mailbox.isEmpty);
  });

  it("refuses a cursor it never gave and one it has forgotten, and keeps its messages", () => {
    const mailbox = new Mailbox();
    mailbox.add('"a"');
    assert.equal(mailbox.forget(2), false);
    mailbox.forget(1);
    assert.equal(mailbox.forget(0), false);
    mailbox.add('"b"');
    assert.equal(mailbox.batch(), '{"cursor":2,"messages":["b"]}');
  });

  it("counts the bytes it keeps", () => {
    const mailbox = new Mailbox();
    mailbox.add('"€"');
    mailbox.add('"x"');
    assert.equal(mailbox.bytes, 8);
    mailbox.forget(1);
    assert.equal(mailbox.bytes, 3);
    mailbox.clear();
    assert.equal(mailbox.bytes, 0);
    assert.equal(mailbox.batch(), '{"cursor":2,"messages":[]}');
  });
});
