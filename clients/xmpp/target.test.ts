import assert from "node:assert/strict";
import { test } from "node:test";
import { WirebenchError } from "../../protocol/errors.ts";
import { xmppTarget } from "./target.ts";

test("reads where to connect, who logs in and where messages go, for every binding", () => {
  const cases: readonly (readonly [string, Partial<ReturnType<typeof xmppTarget>>])[] = [
    [
      "xmpp://alice:secret@h.example/",
      { address: "xmpp://h.example", host: "h.example", port: 5222, tls: false, domain: "h.example", to: undefined },
    ],
    ["xmpps://alice:secret@h.example", { address: "xmpps://h.example", port: 5223, tls: true, domain: "h.example" }],
    ["xmpps://alice:secret@[::1]:99/", { host: "::1", port: 99, isLoopback: true }],
    ["xmpp://alice:secret@h/echo@b.example/x", { to: "echo@b.example/x", domain: "b.example" }],
    ["xmpp://alice%40a.example:secret@h/echo@b.example", { username: "alice", domain: "a.example" }],
    ["xmpp://alice:secret@h/?domain=a.example&mechanism=PLAIN", { domain: "a.example", mechanism: "PLAIN" }],
    ["ws://alice:secret@h/ws", { address: "ws://h/ws", port: 80, tls: false, domain: "h", to: undefined }],
    [
      "wss://alice:secret@h:444/ws?a=b&to=me%2Btag+x@b/r&domain=d&c",
      { address: "wss://h:444/ws?a=b&c", port: 444, tls: true, domain: "d", to: "me+tag+x@b/r" },
    ],
    [
      "https://alice:secret@h/http-bind?to=&mechanism=SCRAM-SHA-256",
      { address: "https://h/http-bind", port: 443, tls: true, to: undefined, mechanism: "SCRAM-SHA-256" },
    ],
  ];
  for (const [url, expected] of cases) assert.partialDeepStrictEqual(xmppTarget(url), expected, url);
});

test("gives each virtual user the account of its number where the user name has %d, of every scheme", () => {
  for (const scheme of ["xmpp", "xmpps", "ws", "wss", "http", "https"]) {
    const name = (account: string, user: number): string => xmppTarget(`${scheme}://${account}:p@h/x`, user).username;
    assert.equal(name("user%d", 0), "user0", scheme);
    assert.equal(name("user%d", 123), "user123");
    assert.equal(name("%d-%d.x", 7), "7-7.x");
    assert.equal(name("user", 7), "user", "one account, many resources");
    assert.equal(name("user%d%40a.example", 7), "user7", "with the domain of the account");
    assert.equal(name("user%d%30", 7), "user70", "a digit after it is encoded");
    assert.equal(name("%d0%b0", 7), "\u0430", "two hexadecimal digits are a byte");
    assert.equal(name("user%25d", 7), "user%d", "a percent sign itself is encoded");
  }
  assert.equal(xmppTarget("xmpps://user%d%40a.example:p@h/", 7).domain, "a.example");
});

test("reads odd names and passwords, and leaves those alone that look like a number's place", () => {
  const odd = "a:b/c?d#e@f%g h\u00e9&=+%d";
  for (const scheme of ["xmpps", "wss", "https"]) {
    const target = xmppTarget(`${scheme}://user%d:${encodeURIComponent(odd)}@h/x`, 3);
    assert.equal(target.password, odd);
    assert.equal(target.username, "user3");
    assert.doesNotMatch(target.address, /user|a:b|%/);
    assert.equal(xmppTarget(`${scheme}://${encodeURIComponent("a:b é=,")}:p@h/x`).username, "a:b é=,");
  }
});

test("refuses what it cannot read, without the password", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["xmpp://h/", /needs an account/],
    ["wss://alice@h/ws", /needs an account/],
    ["xmpps://user%d:s3cret%d@h/", /percent sign in the password .* %25/],
    ["xmpps://user%d1:s3cret@h/", /percent sign in the user name/],
    ["wss://alice:s3cret@h/ws?to=%zz", /percent sign in the parameter to/],
  ];
  for (const [url, sentence] of cases) {
    assert.throws(
      () => xmppTarget(url),
      (error) => {
        assert.ok(error instanceof WirebenchError);
        assert.equal(error.code, "connect-failed");
        assert.match(error.message, sentence);
        assert.doesNotMatch(error.message, /s3cret/);
        return true;
      },
      url,
    );
  }
});

test("knows the addresses of this host", () => {
  const isLoopback = (host: string): boolean => xmppTarget(`xmpp://a:b@${host}/`).isLoopback;
  for (const host of ["localhost", "a.localhost", "127.0.0.1", "127.0.0.12", "[::1]"])
    assert.ok(isLoopback(host), host);
  for (const host of ["example.org", "128.0.0.1", "127.evil.example", "localhost.example", "[::2]", "10.0.0.1"]) {
    assert.ok(!isLoopback(host), host);
  }
});
