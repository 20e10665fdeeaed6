import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProxySetup } from "../balancer/balancer.ts";
import { renderConfiguration } from "./configuration.ts";

const setup: ProxySetup = {
  policy: "round-robin",
  nodes: [
    { name: "node-1", port: 9001, readyPort: 9101, spare: false },
    { name: "node-2", port: 9002, readyPort: 9102, spare: true },
  ],
  shutdownSessions: false,
  slowStartMs: 0,
  tunnelTimeoutMs: 3_600_000,
};

const render = (changes: Partial<ProxySetup> = {}): string =>
  renderConfiguration({ ...setup, ...changes }, { port: 8080 });

/** Without comments and indentation. */
const directives = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));

test("the configuration has the directives of the reference set-up", () => {
  const found = directives(render({ shutdownSessions: true }));
  const expected = [
    "mode http",
    "option http-server-close",
    "option forwardfor",
    "timeout connect 5s",
    "timeout client 30s",
    "timeout client-fin 30s",
    "timeout tunnel 1h",
    "bind 127.0.0.1:8080",
    "balance roundrobin",
    "option httpchk GET /ready",
    "http-check expect status 200",
    "default-server inter 1s rise 2 fall 1 on-marked-down shutdown-sessions",
    "server node-1 127.0.0.1:9001 check port 9101",
    "server node-2 127.0.0.1:9002 check port 9102 disabled",
  ];
  assert.deepEqual(
    expected.filter((line) => !found.includes(line)),
    [],
  );
});

test("sticky changes the balance and adds a cookie per node, and nothing else", () => {
  const [plain, sticky] = [directives(render()), directives(render({ policy: "leastconn+cookie" }))];
  assert.deepEqual(
    plain.filter((line) => !sticky.includes(line)),
    [
      "balance roundrobin",
      "server node-1 127.0.0.1:9001 check port 9101",
      "server node-2 127.0.0.1:9002 check port 9102 disabled",
    ],
  );
  assert.deepEqual(
    sticky.filter((line) => !plain.includes(line)),
    [
      "balance leastconn",
      "cookie serverid insert indirect nocache",
      "server node-1 127.0.0.1:9001 check port 9101 cookie node-1",
      "server node-2 127.0.0.1:9002 check port 9102 cookie node-2 disabled",
    ],
  );
});

test("every directive stands under a comment, or under others that share one", () => {
  const alone = /^(\w+ \w*|global|defaults|)$/;
  for (const paragraph of render({ policy: "leastconn+cookie", shutdownSessions: true }).split("\n\n").slice(1)) {
    const [, ...lines] = paragraph.trimEnd().split("\n");
    assert.match(lines[0]!, alone.test(lines[0]!) ? /^$/ : /^ {2}#/);
    const shared = /^ {2}(option redispatch|http-check|default_backend|server) /;
    lines.forEach((line, index) => {
      const bare = !line.startsWith("  #") && !lines[index - 1]?.startsWith("  #");
      assert.ok(!bare || shared.test(line), `no comment above: ${line}`);
    });
  }
});

test("comments fit on a screen", () => {
  for (const shutdownSessions of [true, false]) {
    const lines = [...render({ shutdownSessions }).split("\n"), ...render({ policy: "leastconn+cookie" }).split("\n")];
    assert.deepEqual(
      lines.filter((line) => line.length > 120),
      [],
    );
  }
});

test("the tunnel timeout is written in the largest unit that fits", () => {
  const written = (tunnelTimeoutMs: number): string =>
    directives(render({ tunnelTimeoutMs })).find((line) => line.startsWith("timeout tunnel "))!;
  assert.equal(written(500), "timeout tunnel 500ms");
  assert.equal(written(90_000), "timeout tunnel 90s");
  assert.equal(written(120_000), "timeout tunnel 2m");
});

test("a node's name cannot bring directives of its own", () => {
  const nodes = [{ ...setup.nodes[0]!, name: "node-1\n  option persist" }];
  assert.throws(() => render({ nodes }), { code: "usage", message: /a node cannot be called "node-1\\n/ });
});
