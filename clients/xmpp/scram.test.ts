import assert from "node:assert/strict";
import { test } from "node:test";
import { saslLogin } from "./sasl.ts";
import { saslprep } from "./saslprep.ts";
import { derivations, type ScramMechanism, scram } from "./scram.ts";

const pencil = { username: "user", password: "pencil" };

const examples: readonly {
  readonly from: string;
  readonly mechanism: ScramMechanism;
  readonly nonce: string;
  readonly serverNonce: string;
  readonly salt: string;
  readonly proof: string;
  readonly signature: string;
}[] = [
  {
    from: "RFC 5802 section 5",
    mechanism: "SCRAM-SHA-1",
    nonce: "fyko+d2lbbFgONRv9qkxdawL",
    serverNonce: "3rfcNHYJY1ZVvWVs7j",
    salt: "QSXCR+Q6sek8bf92",
    proof: "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
    signature: "rmF9pqV8S7suAoZWja4dJRkFsKQ=",
  },
  {
    from: "RFC 7677 section 3",
    mechanism: "SCRAM-SHA-256",
    nonce: "rOprNGfwEbeRWgbNEkqO",
    serverNonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
    salt: "W22ZaJ0SNY7soEsUEjb6gQ==",
    proof: "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    signature: "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
  },
];

for (const { from, mechanism, nonce, serverNonce, salt, proof, signature } of examples) {
  const challenge = `r=${nonce}${serverNonce},s=${salt},i=4096`;

  test(`${mechanism} says what the example of ${from} says`, async () => {
    const login = scram(mechanism, pencil, nonce);
    assert.equal(login.initialResponse, `n,,n=user,r=${nonce}`);
    assert.equal(await login.respond(challenge), `c=biws,r=${nonce}${serverNonce},p=${proof}`);
    login.succeeded(`v=${signature}`);
  });

  test(`${mechanism} takes the server's proof in a challenge of its own too`, async () => {
    const login = scram(mechanism, pencil, nonce);
    await login.respond(challenge);
    assert.equal(await login.respond(`v=${signature}`), "");
    login.succeeded("");
    await assert.rejects(login.respond(`v=${signature}`), /too many/);
  });

  test(`${mechanism} takes no success without the server's proof`, async () => {
    const wrong = Buffer.from(signature, "base64");
    wrong[0]! ^= 1;
    for (const data of ["", "v=", `v=${wrong.toString("base64")}`, signature, "e=other-error", `x=1,v=${signature}`]) {
      const login = scram(mechanism, pencil, nonce);
      await login.respond(challenge);
      assert.throws(() => login.succeeded(data), /did not prove/, data);
      await assert.rejects(login.respond(data), /did not prove/, data);
    }
    assert.throws(() => scram(mechanism, pencil, nonce).succeeded(`v=${signature}`), /did not prove/, "no challenge");
  });

  test(`${mechanism} takes no challenge that it cannot trust`, async () => {
    const challenges: readonly (readonly [string, RegExp])[] = [
      ["", /malformed/],
      [`m=x,${challenge}`, /malformed/],
      [challenge.replace("s=", "s=*"), /malformed/],
      [challenge.replace("i=4096", "i=4096x"), /malformed/],
      [challenge.replace("i=4096", "i=-1"), /malformed/],
      [challenge.replace("i=4096", "i=4095"), /expected 4096 to 1000000 SCRAM iterations, got 4095/],
      [challenge.replace("i=4096", "i=1000001"), /iterations, got 1000001/],
      [challenge.replace(serverNonce, ""), /nonce is not ours/],
      [challenge.replace(nonce, nonce.toUpperCase()), /nonce is not ours/],
    ];
    for (const [text, reason] of challenges) {
      await assert.rejects(scram(mechanism, pencil, nonce).respond(text), reason, text);
    }
  });
}

test("a thousand users of one account derive its keys once, those of others their own", async () => {
  const before = derivations.count;
  const account = { username: "user", password: "1000 users" };
  await Promise.all(
    Array.from({ length: 1000 }, () => scram("SCRAM-SHA-256", account, "n").respond("r=nx,s=c2FsdA==,i=4096")),
  );
  assert.equal(derivations.count - before, 1);
  const others = [
    scram("SCRAM-SHA-256", { ...account, password: "another" }, "n").respond("r=nx,s=c2FsdA==,i=4096"),
    scram("SCRAM-SHA-256", account, "n").respond("r=nx,s=c2FsdDI=,i=4096"),
    scram("SCRAM-SHA-256", account, "n").respond("r=nx,s=c2FsdA==,i=4097"),
    scram("SCRAM-SHA-1", account, "n").respond("r=nx,s=c2FsdA==,i=4096"),
  ];
  assert.equal(new Set(await Promise.all(others)).size, 4);
  assert.equal(derivations.count - before, 5);
});

test("names and passwords are prepared as RFC 4013 says, and names escaped", () => {
  const pairs = [
    ["I\u00adX", "IX"],
    ["user", "user"],
    ["USER", "USER"],
    ["\u00aa", "a"],
    ["\u2168", "IX"],
    ["a\u00a0b", "a b"],
    ["e\u0301", "\u00e9"],
    ["\u0007", undefined],
    ["\ud800", undefined],
    ["\ue000", undefined],
    ["\ufffd", undefined],
  ] as const;
  for (const [given, prepared] of pairs) assert.equal(saslprep(given), prepared, JSON.stringify(given));
  const { initialResponse } = scram("SCRAM-SHA-1", { username: "a=b,c\u00ad", password: "x" }, "n");
  assert.equal(initialResponse, "n,,n=a=3Db=2Cc,r=n");
  const bell = { username: "user", password: "s3cret\u0007" };
  assert.throws(
    () => scram("SCRAM-SHA-1", bell),
    /^(?!.*s3cret).*the password has characters that SCRAM does not allow/,
  );
  assert.throws(() => scram("SCRAM-SHA-1", { username: "\u00ad", password: "x" }), /the user name/);
});

test("the best mechanism that both sides have is used, or the one asked for", () => {
  const inPrivate = { mechanism: undefined, isPrivate: true };
  const all = ["PLAIN", "X-OTHER", "SCRAM-SHA-1", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"];
  assert.equal(saslLogin(all, pencil, inPrivate).mechanism, "SCRAM-SHA-256");
  assert.equal(saslLogin(all.slice(0, 3), pencil, inPrivate).mechanism, "SCRAM-SHA-1");
  assert.equal(saslLogin(all.slice(0, 2), pencil, inPrivate).mechanism, "PLAIN");
  for (const mechanism of ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"]) {
    assert.equal(saslLogin(all, pencil, { mechanism, isPrivate: false }).mechanism, mechanism);
  }
  const refused = (offered: string[], mechanism: string | undefined, message: RegExp): void =>
    assert.throws(() => saslLogin(offered, pencil, { mechanism, isPrivate: true }), { message });
  refused(["PLAIN"], "SCRAM-SHA-1", /expected SASL SCRAM-SHA-1, the server offers PLAIN/);
  refused(["X-OTHER"], "X-OTHER", /expected a SASL mechanism of SCRAM-SHA-256, SCRAM-SHA-1, PLAIN, got X-OTHER/);
  refused(["X-OTHER"], undefined, /expected SASL SCRAM-SHA-256 or SCRAM-SHA-1 or PLAIN, the server offers X-OTHER/);
});

test("PLAIN is used where nobody can read along, or where it is asked for, and nowhere else", () => {
  const onNetwork = { mechanism: undefined, isPrivate: false };
  const refusal = /without TLS would show the password .*\?mechanism=PLAIN/;
  assert.throws(() => saslLogin(["PLAIN"], pencil, onNetwork), refusal);
  assert.equal(saslLogin(["PLAIN"], pencil, { ...onNetwork, mechanism: "PLAIN" }).initialResponse, "\0user\0pencil");
  assert.equal(saslLogin(["PLAIN", "SCRAM-SHA-1"], pencil, onNetwork).mechanism, "SCRAM-SHA-1");
});
