import assert from "node:assert/strict";
import { it } from "node:test";
import { deriveScramKeys, scramExchange } from "./scram.ts";

/** The user `user` with the password `pencil`. */
const vectors = {
  "RFC 5802 section 5": {
    hash: "SHA-1",
    salt: "QSXCR+Q6sek8bf92",
    first: "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
    nonce: "3rfcNHYJY1ZVvWVs7j",
    challenge: "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
    final: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
    signature: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
  },
  "RFC 7677 section 3": {
    hash: "SHA-256",
    salt: "W22ZaJ0SNY7soEsUEjb6gQ==",
    first: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
    nonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
    challenge: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    final: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    signature: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
  },
} as const;

for (const [source, { hash, salt, first, nonce, challenge, final, signature }] of Object.entries(vectors)) {
  it(`SCRAM-${hash} says what ${source} says`, () => {
    const keys = deriveScramKeys(hash, "pencil", Buffer.from(salt, "base64"), 4096);
    const exchange = scramExchange(
      keys,
      (name, authzid, data) => ({ kind: "success", account: `${name}|${authzid}`, data }),
      () => nonce,
    );
    assert.deepEqual(exchange(first), { kind: "challenge", data: challenge });
    assert.deepEqual(exchange(final), { kind: "success", account: "user|", data: signature });
  });
}
