import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "../../protocol/random.ts";
import { fuzz } from "./fuzz.ts";
import { fuzzed, listen } from "./fuzzed.ts";
import { judge, Violation } from "./judgement.ts";
import { Mutator } from "./mutations.ts";
import { tcpWire } from "./tcp-wire.ts";

const opened =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";
const judged = (sent: string, heard: string): string =>
  judge(tcpWire, Buffer.from(sent), Buffer.from(heard), "sentinel");
const condition = (name: string): string =>
  `<stream:error><${name} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`;
const question = "<iq type='get' id='sentinel'/>";

describe("the fuzz", () => {
  for (const server of fuzzed) {
    it(`does not make the ${server.traits.title} server break a rule`, { timeout: 240_000 }, async (t) => {
      const running = await listen(server);
      t.after(() => running.close());
      const counts = await fuzz({ server: running, seed: 20_261, first: 0, count: 1024 });
      const sum = [...counts.values()].reduce((total, count) => total + count, 0);
      assert.equal(sum, 1024);
      // It gets past the reader, and past the login.
      for (const outcome of ["answered", "not-well-formed", "unsupported-stanza-type", "bad-format"]) {
        assert.ok((counts.get(outcome) ?? 0) > 10, `${outcome}: ${counts.get(outcome)}`);
      }
    });
  }

  it("fails where a client that does nothing wrong is not served", { timeout: 60_000 }, async (t) => {
    const [server] = fuzzed;
    const running = await listen(server!, (connection) => ({ message: () => connection.close(), closed() {} }));
    t.after(() => running.close());
    await assert.rejects(fuzz({ server: running, seed: 1, first: 0, count: 64 }), /a client that did nothing wrong/);
  });

  it("mutates what was mutated before, however long its tags are", () => {
    const mutator = new Mutator(seededRandom(1));
    const tag = "x".repeat(40_000);
    for (let times = 0; times < 300; times++) mutator.xml(`<${tag} a='1'>text</${tag}>`);
  });

  it("tells an answer, an end and an error of the RFC from what a server may not do", () => {
    assert.equal(judged(question, `${opened}<iq type='result' id='sentinel'/>`), "answered");
    assert.equal(judged(question, `${opened}</stream:stream>`), "closed");
    assert.equal(judged(question, `${opened}${condition("bad-format")}</stream:stream>`), "bad-format");
    assert.equal(judged(`${opened}<a>${question}`, opened), "unfinished");
    for (const [sent, heard] of [
      [`${opened}${question}`, opened],
      [`${opened}<a></b>${question}`, opened],
      [question, `${opened}${condition("nonsense")}</stream:stream>`],
      [question, `${opened}${condition("bad-format")}`],
      [question, `${opened}<a></b>`],
      [question, `${opened}<stream:error/></stream:stream>`],
    ] as const) {
      assert.throws(() => judged(sent, heard), Violation, heard);
    }
  });
});
