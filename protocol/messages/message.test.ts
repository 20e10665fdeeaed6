import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageCodec, payloadBytesMin, payloadKinds } from "./message.ts";

for (const kind of payloadKinds) {
  test(`a ${kind} message carries its header and exactly the payload size`, () => {
    const codec = new MessageCodec({ kind, payloadBytes: 300, seed: 3 });
    const scheduledNs = 4.5e15;
    const payload = codec.encode("data", 3, 123_456_789, scheduledNs, scheduledNs + 1_234_567);
    assert.equal(Buffer.byteLength(payload), 300);
    assert.deepEqual(codec.decode(payload), {
      kind: "data",
      window: 3,
      sequence: 123_456_789,
      scheduledNs,
      sentNs: scheduledNs + 1_234_567,
    });
    for (const said of ["end", "awaited", "unawaited"] as const) {
      assert.equal(codec.decode(codec.encode(said, 1, 7, 0, 0))?.kind, said);
    }
  });

  test(`a ${kind} message with any byte changed is not taken for right`, () => {
    const codec = new MessageCodec({ kind, payloadBytes: payloadBytesMin, seed: 3 });
    const right = Buffer.from(codec.encode("data", 1, 5, 1000, 1000) as string);
    for (let at = kind === "text" ? 39 : 24; at < right.byteLength; at++) {
      const wrong = Buffer.from(right);
      wrong[at] = wrong[at]! ^ 1;
      assert.equal(codec.decode(kind === "text" ? wrong.toString() : wrong), undefined, `byte ${at}`);
    }
    const whole = kind === "text" ? right.toString() : right;
    assert.equal(codec.decode(whole.slice(0, -1)), undefined);
    assert.equal(
      codec.decode(kind === "text" ? `x${String(whole).slice(1)}` : Buffer.alloc(payloadBytesMin)),
      undefined,
    );
  });

  test(`${kind} messages of several sizes come in turn, and one of another size is not taken for right`, () => {
    const codec = { kind, payloadBytes: 300, seed: 3 };
    const sender = new MessageCodec({ ...codec, sizes: { sends: [64, 300, 64], accepts: [100] } });
    const receiver = new MessageCodec({ ...codec, sizes: { sends: [100], accepts: [64, 300] } });
    const sent = [0, 1, 2, 3].map((sequence) => sender.encode("data", 1, sequence, 1000, 1000));
    assert.deepEqual(
      sent.map((payload) => Buffer.byteLength(payload)),
      [64, 300, 64, 64],
    );
    for (const [sequence, payload] of sent.entries()) assert.equal(receiver.decode(payload)?.sequence, sequence);
    assert.equal(sender.decode(sent[0]!), undefined);
    assert.equal(receiver.decode(sent[1]!.slice(0, 100)), undefined);
  });

  test(`a ${kind} codec does not take the other kind`, () => {
    const codec = new MessageCodec({ kind, payloadBytes: 64, seed: 1 });
    const other = new MessageCodec({ kind: kind === "text" ? "binary" : "text", payloadBytes: 64, seed: 1 });
    assert.equal(codec.decode(other.encode("data", 1, 1, 1, 1)), undefined);
  });
}

test("two ends with the same options understand each other, with another seed they do not", () => {
  const options = { kind: "text", payloadBytes: 100, seed: 1 } as const;
  const payload = new MessageCodec(options).encode("data", 1, 2, 3, 4);
  assert.equal(new MessageCodec(options).decode(payload)?.sequence, 2);
  assert.equal(new MessageCodec({ ...options, seed: 2 }).decode(payload), undefined);
});

test("a text header holds digits only, not whatever else a number may be written as", () => {
  const codec = new MessageCodec({ kind: "text", payloadBytes: payloadBytesMin, seed: 1 });
  const right = codec.encode("data", 1, 2, 3, 4) as string;
  for (let at = 1; at < 39; at++) {
    for (const other of " +-.eEx\n/:") {
      assert.equal(codec.decode(right.slice(0, at) + other + right.slice(at + 1)), undefined, `${other} at ${at}`);
    }
  }
});

test("carries the clock of a host that has run for three years", () => {
  const codec = new MessageCodec({ kind: "text", payloadBytes: 100, seed: 1 });
  const threeYearsNs = 9.46e16;
  const payload = codec.encode("data", 1, 2, threeYearsNs, threeYearsNs + 4096);
  assert.equal(Buffer.byteLength(payload), 100);
  assert.equal(codec.decode(payload)?.scheduledNs, threeYearsNs);
});

test("refuses a payload too small for its header", () => {
  assert.throws(() => new MessageCodec({ kind: "text", payloadBytes: payloadBytesMin - 1, seed: 1 }), RangeError);
});
