import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import type { Options } from "../../protocol/contract.ts";
import { Exchange } from "./exchange.ts";

async function listen(
  t: TestContext,
  serve: RequestListener,
  options?: Options,
): Promise<{ exchange: Exchange; accepted: () => number }> {
  const server = createServer(serve).listen(0, "127.0.0.1");
  let accepted = 0;
  server.on("connection", () => {
    accepted += 1;
  });
  await once(server, "listening");
  const exchange = new Exchange(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    answerBytesMax: 1000,
    options,
  });
  t.after(() => {
    exchange.destroy();
    server.close();
    server.closeAllConnections();
  });
  return { exchange, accepted: () => accepted };
}

describe("an exchange", { timeout: 120_000 }, () => {
  it("answers with status and text, which may come in pieces that split a character", async (t) => {
    const { exchange } = await listen(t, (_request, response) => {
      const euro = Buffer.from("€");
      response.writeHead(404);
      response.write(euro.subarray(0, 1), () => response.end(euro.subarray(1)));
    });
    assert.deepEqual(await exchange.ask({ method: "GET", path: "/" }), { status: 404, text: "€" });
  });

  it("takes no answer that is compressed although identity was asked for", async (t) => {
    const { exchange } = await listen(t, (_request, response) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("[]"));
    });
    await assert.rejects(
      exchange.ask({ method: "GET", path: "/" }),
      /the answer is gzip, though identity was asked for/,
    );
  });

  it("sends requests one after the other on one connection", async (t) => {
    let inFlight = 0;
    const { exchange, accepted } = await listen(t, (request, response) => {
      assert.equal(++inFlight, 1);
      request.resume().on("end", () => {
        inFlight -= 1;
        response.end(`${request.method} ${request.url} ${request.headers["content-type"]}`);
      });
    });
    const answers = await Promise.all([
      exchange.ask({ method: "POST", path: "/a", json: "[]" }),
      exchange.ask({ method: "GET", path: "/b" }),
      exchange.ask({ method: "DELETE", path: "/c" }),
    ]);
    assert.deepEqual(
      answers.map(({ text }) => text),
      ["POST /a application/json", "GET /b undefined", "DELETE /c undefined"],
    );
    assert.equal(accepted(), 1);
  });

  it("connects again if the server closed the connection between two requests", async (t) => {
    const { exchange, accepted } = await listen(t, (_request, response) => {
      response.writeHead(200, { connection: "close" }).end("bye");
    });
    for (let round = 0; round < 3; round++) await exchange.ask({ method: "GET", path: "/" });
    assert.equal(accepted(), 3);
  });

  it("opens a connection for each request with +close, and says so", async (t) => {
    const serve: RequestListener = ({ headers }, response) => void response.end(headers.connection);
    const { exchange, accepted } = await listen(t, serve, { close: "on" });
    const ask = () => exchange.ask({ method: "GET", path: "/" });
    const answers = [...(await Promise.all([ask(), ask(), ask()])), await ask()];
    assert.deepEqual(
      answers.map(({ text }) => text),
      ["close", "close", "close", "close"],
    );
    assert.equal(accepted(), 4);
  });

  it("fails for an answer that is too large, is cut off, or never comes before it is destroyed", async (t) => {
    const { exchange } = await listen(t, (request, response) => {
      if (request.url === "/large") response.end("x".repeat(1001));
      else if (request.url === "/cut")
        response.writeHead(200, { "content-length": 9 }).write("x", () => response.destroy());
    });
    await assert.rejects(exchange.ask({ method: "GET", path: "/large" }), /exceeded max size/);
    await assert.rejects(exchange.ask({ method: "GET", path: "/cut" }), /closed/);
    const never = assert.rejects(exchange.ask({ method: "GET", path: "/never" }));
    exchange.destroy();
    await never;
    await assert.rejects(exchange.ask({ method: "GET", path: "/" }), /destroyed/);
  });

  it("may be asked again in the turn in which it says that nobody listens", async (t) => {
    // No program is given this port by chance.
    const exchange = new Exchange("http://127.0.0.1:1", { answerBytesMax: 1000 });
    t.after(() => exchange.destroy());
    const causes: Error[] = [];
    await new Promise<void>((done) => {
      const ask = (): void =>
        exchange.start(
          { method: "GET", path: "/" },
          {
            answered: () => assert.fail("somebody answered"),
            failed(cause) {
              causes.push(cause);
              if (causes.length === 3) done();
              else ask();
            },
          },
        );
      ask();
    });
    for (const cause of causes) assert.match(cause.message, /ECONNREFUSED/);
  });
});
