import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "../../protocol/random.ts";
import { readResponse } from "./bosh-wire.ts";
import { fuzz } from "./fuzz.ts";
import { fuzzed, listen } from "./fuzzed.ts";
import { type HttpResponse, responsesIn } from "./http.ts";
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
    const { title, uplink } = server.traits;
    const [count, outcomes] =
      uplink === "stream"
        ? [1024, ["answered", "not-well-formed", "unsupported-stanza-type", "bad-format"]]
        : [320, ["answered", "not-well-formed", "item-not-found", "bad-request"]];

    it(`does not make the ${title} server break a rule`, { timeout: 600_000 }, async (t) => {
      const running = await listen(server);
      t.after(() => running.close());
      const counts = await fuzz({ server: running, seed: 20_261, first: 0, count });
      const sum = [...counts.values()].reduce((total, each) => total + each, 0);
      assert.equal(sum, count);
      // It gets past the reader, and past the login.
      for (const outcome of outcomes) {
        assert.ok((counts.get(outcome) ?? 0) > 10, `${outcome}: ${counts.get(outcome)}`);
      }
    });

    it(`fails where a client of the ${title} server does nothing wrong and is not served`, {
      timeout: 600_000,
    }, async (t) => {
      const running = await listen(server, (connection) => ({ message: () => connection.close(), closed() {} }));
      t.after(() => running.close());
      await assert.rejects(fuzz({ server: running, seed: 1, first: 0, count: 32 }), /a client that did nothing wrong/);
    });
  }

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

  it("tells a response of BOSH from what a server may not say", () => {
    const xmlns = "http://jabber.org/protocol/httpbind";
    const heard = (body: string, type = "text/xml; charset=utf-8"): HttpResponse => {
      const head = `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}`;
      const { responses, fault } = responsesIn(Buffer.from(`HTTP/1.1 100 Continue\r\n\r\n${head}\r\n\r\n${body}`));
      assert.deepEqual([responses.length, fault], [1, undefined]);
      return responses[0]!;
    };
    const error = `<stream:error xmlns:stream='http://etherx.jabber.org/streams'><bad-format xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`;
    const ended = (attributes: string, content = ""): string =>
      `<body xmlns='${xmlns}' type='terminate' ${attributes}>${content}</body>`;
    for (const [body, ending] of [
      [`<body xmlns='${xmlns}'><iq xmlns='jabber:client'/></body>`, undefined],
      [ended(""), "closed"],
      [ended("condition='item-not-found'"), "item-not-found"],
      [ended("condition='remote-stream-error'", error), "bad-format"],
    ] as const) {
      assert.equal(readResponse(heard(body)).ending, ending);
    }
    for (const body of [
      `<body xmlns='${xmlns}'><iq/></body>`,
      `<body xmlns='${xmlns}'>${error}</body>`,
      `<body xmlns='${xmlns}'>`,
      "<body/>",
      "",
      ended("condition='nonsense'"),
      ended("condition='remote-stream-error'"),
      ended("", error),
    ]) {
      assert.throws(() => readResponse(heard(body)), Violation, body);
    }
    assert.throws(() => readResponse(heard(ended(""), "text/html")), Violation);
    assert.throws(() => readResponse({ status: 500, headers: "", body: "" }), Violation);
    const chunked = "HTTP/1.1 417 No\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert.equal(responsesIn(Buffer.from(`${chunked}2\r\nno\r\n0\r\n\r\n${chunked}0\r\n\r\n`)).responses.length, 2);
    for (const half of [
      `${chunked}2\r\nno\r\n`,
      "HTTP/1.1 200 OK\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
      "nonsense\r\n\r\n",
    ])
      assert.ok(responsesIn(Buffer.from(half)).fault, half);
  });
});
