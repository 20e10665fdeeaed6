import assert from "node:assert/strict";
import { test } from "node:test";
import { learnSecrets, masked } from "./secrets.ts";

const cases: [string, string][] = [
  ["ws://alice:s3cret@host:1/", "ws://alice:***@host:1/"],
  ["xmpp=xmpp://alice:p@ss:w@host/ more", "xmpp=xmpp://alice:***@host/ more"],
  ["https://ghp_abcdef@host/", "https://***@host/"],
  ["xmpp://alice@host/", "xmpp://alice@host/"],
  ["ws://h/?room=1&access_token=abc&x=2", "ws://h/?room=1&access_token=***&x=2"],
  ["ws://h/?api_key=abc", "ws://h/?api_key=***"],
  ["ws://h/?apiKey=abc#access_token=def", "ws://h/?apiKey=***#access_token=***"],
  ["GET /x?X-Amz-Signature=abc&X-Amz-Credential=def", "GET /x?X-Amz-Signature=***&X-Amz-Credential=***"],
  ["ws://h/?sig=abc&token=a%20b&key=c", "ws://h/?sig=***&token=***&key=***"],
  ['{"url":"ws://h/?token=abc","x":1}', '{"url":"ws://h/?token=***","x":1}'],
  ["ws://h/?author=ann&monkey=1", "ws://h/?author=ann&monkey=1"],
  ["Authorization: Bearer abc.def", "Authorization: Bearer ***"],
  ["broker alice:9092 and bob@host", "broker alice:9092 and bob@host"],
];

for (const [text, expected] of cases) {
  test(`${text} is shown as ${expected}, and that as it is`, () => {
    assert.equal(masked(text), expected);
    assert.equal(masked(expected), expected);
  });
}

test("a secret that was learnt from a URL is masked wherever it is quoted, in any of its forms", () => {
  learnSecrets("websocket=ws://alice:S3%20cret@host/?access_token=T0ken%2F1");
  for (const quoted of ["S3%20cret", "S3 cret", "T0ken/1", "T0ken%2F1", btoa("alice:S3 cret")]) {
    assert.equal(masked(`refused ${quoted}.`), "refused ***.");
  }
});

test("a password in what base64 made of a login is masked with all of it, whoever logs in", () => {
  learnSecrets("xmpps://user%d:Passw0rd-1@host/");
  for (const name of ["user0", "user12", "user123"]) {
    for (const login of [`\0${name}\0Passw0rd-1`, `${name}:Passw0rd-1`, `${name}:Passw0rd-1:and more`]) {
      assert.equal(masked(`no: ${btoa(login)}, go`), "no: ***, go", login);
    }
  }
  assert.equal(masked(btoa("\0user1\0Another-1")), btoa("\0user1\0Another-1"));
});

test("a user's number stands where it stood", () => {
  for (const scheme of ["xmpp", "xmpps", "ws", "wss", "http", "https"]) {
    const url = `${scheme}://user%d:s3cret@host/x?to=a@b&domain=d&mechanism=PLAIN`;
    assert.equal(masked(url), url.replace("s3cret", "***"));
  }
});

test("a plain word is not taken for a secret outside of URLs", () => {
  learnSecrets("ws://u:echo@host/");
  assert.equal(masked("echo ws://u:echo@host/"), "echo ws://u:***@host/");
});
