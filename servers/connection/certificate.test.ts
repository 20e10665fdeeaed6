import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempDisposable, readFile, stat } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connect, createServer } from "node:tls";
import { makeCertificate, ownCertificate, writeCertificate } from "./certificate.ts";

test("a certificate is for localhost and loopback, by a P-256 key, and may sign no others", async () => {
  const { cert, key } = await makeCertificate();
  const read = new X509Certificate(cert);
  assert.equal(read.subjectAltName, "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1");
  assert.equal(read.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
  assert.equal(read.ca, false);
  assert.ok(read.verify(read.publicKey), "it signs itself");
  assert.ok(read.validToDate.getTime() - Date.now() < 31 * 86_400_000, "it is gone in a month");
  assert.match(key, /^-----BEGIN PRIVATE KEY-----/);
});

test("two servers of a process have one certificate, and two processes have two", async () => {
  assert.equal(await ownCertificate(), await ownCertificate());
  assert.notEqual((await ownCertificate()).cert, (await makeCertificate()).cert);
});

test("a client that trusts it believes in the server, by name and by address, and one that does not refuses", async () => {
  const server = createServer({ ...(await makeCertificate()), minVersion: "TLSv1.3" }, (socket) => socket.end());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const { cert } = await makeCertificate();
  try {
    const dial = (options: { ca?: string; servername?: string }) => connect({ host: "127.0.0.1", port, ...options });
    const known = dial({ ca: (await serverCertificate(port)).toString() });
    await once(known, "secureConnect");
    assert.ok(known.authorized);
    const byName = dial({ ca: (await serverCertificate(port)).toString(), servername: "localhost" });
    await once(byName, "secureConnect");
    await assert.rejects(once(dial({ ca: cert }), "secureConnect"), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
  } finally {
    server.close();
  }
});

/** As a peer that trusts everybody sees it. */
async function serverCertificate(port: number): Promise<X509Certificate> {
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const seen = socket.getPeerX509Certificate()!;
  socket.destroy();
  return seen;
}

test("files for a program hold the pair for the addresses asked for, and the key is its owner's alone", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "wirebench-certificate-"));
  const files = await writeCertificate(folder.path, ["127.0.0.12"]);
  assert.equal(await readFile(files.certFile, "utf8"), files.cert);
  assert.equal(new X509Certificate(files.cert).subjectAltName, "DNS:localhost, IP Address:127.0.0.12");
  assert.equal((await stat(files.keyFile)).mode & 0o777, 0o600);
  assert.equal((await stat(files.bothFile)).mode & 0o777, 0o600);
  const both = await readFile(files.bothFile, "utf8");
  assert.ok(both.startsWith("-----BEGIN CERTIFICATE") && both.includes("-----BEGIN PRIVATE KEY"));
});
