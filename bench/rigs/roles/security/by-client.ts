/** Probes that speak with the protocol's own client, and so are the same on every wire. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";
import { echoBehaviour } from "../../../../load/behaviours/echo.ts";
import { beginsWithTls } from "../../../../protocol/address.ts";
import { defaultLimits } from "../../../../protocol/contract.ts";
import { describeError } from "../../../../protocol/errors.ts";
import type { ProbeName } from "../../../../results/recording/findings.ts";
import { makeCertificate } from "../../../../servers/connection/certificate.ts";
import { through } from "../../../relay/way.ts";
import { loadServer } from "../../../targets/protocol-modules.ts";
import {
  accepted,
  leftOut,
  nothingThere,
  type ProbedTarget,
  refusedByProtocol,
  refusedByServer,
  type Verdict,
} from "./probe.ts";
import { RawPeer } from "./raw-peer.ts";
import { ProbingUser } from "./user.ts";

/** Twice what any limit that is set for a run allows. */
const unknownLimitBytes = 16 * 2 ** 20;

async function earlyMessage(target: ProbedTarget): Promise<Verdict> {
  await using user = await ProbingUser.connect(target, target.url);
  const answer = await user.ask("who am I?");
  return "echo" in answer
    ? accepted("the first message of a peer that has not said who it is was answered")
    : refusedByServer(`the connection ended: ${answer.closed.message}`);
}

async function forgedSender(target: ProbedTarget): Promise<Verdict> {
  await using user = await ProbingUser.connect(target, target.url);
  const claim = JSON.stringify({ from: "somebody.else", text: "hello" });
  const answer = await user.ask(claim);
  if ("closed" in answer) return refusedByServer(`the connection ended: ${answer.closed.message}`);
  return answer.echo === claim
    ? accepted("a message has no sender but what its payload says, and that was delivered unchanged")
    : refusedByServer("the payload that named somebody else came back changed");
}

async function oversize(target: ProbedTarget): Promise<Verdict> {
  const bytes = target.limits === undefined ? unknownLimitBytes : 2 * target.limits.payloadBytesMax;
  await using user = await ProbingUser.connect(target, target.url);
  const answer = await user.ask("x".repeat(bytes));
  return "echo" in answer
    ? accepted(`a message of ${bytes} bytes came back`)
    : refusedByServer(`${bytes} bytes: ${answer.closed.message}`);
}

/** Connects until somebody is refused, who must be no later than the first over the limit. */
async function flood(target: ProbedTarget): Promise<Verdict> {
  if (target.limits === undefined) return leftOut("nobody knows this server's limit on connections");
  const { connectionsMax } = target.limits;
  await using users = new AsyncDisposableStack();
  for (let count = 1; count <= connectionsMax + 1; count++) {
    const refusal = await refusalOf(target, users);
    if (refusal !== undefined) return refusedByServer(`limit ${connectionsMax}: ${refusal}`);
  }
  return accepted(`${connectionsMax + 1} connections were served, although the limit is ${connectionsMax}`);
}

async function refusalOf(target: ProbedTarget, users: AsyncDisposableStack): Promise<string | undefined> {
  try {
    const user = users.use(await ProbingUser.connect(target, target.url));
    const answer = await user.ask("here");
    return "closed" in answer ? answer.closed.message : undefined;
  } catch (error) {
    return reasonIn(error);
  }
}

/** Somebody who stands in the server's place, without its secrets. */
async function falseServer(target: ProbedTarget): Promise<Verdict> {
  return beginsWithTls(target.url) ? await otherCertificate(target) : await anotherServer(target);
}

async function anotherServer(target: ProbedTarget): Promise<Verdict> {
  const { behaviour } = echoBehaviour();
  const listening = { host: "127.0.0.1", port: 0, behaviour, limits: defaultLimits, options: target.options };
  const server = await (await loadServer(target.protocol)).listen(listening);
  try {
    await using user = await ProbingUser.connect(target, server.url);
    const answer = await user.ask("are you my server?");
    return "echo" in answer
      ? accepted("our client told its message to another server, and had no way to see that it was another")
      : refusedByProtocol(`our client left: ${answer.closed.message}`);
  } finally {
    await server.close();
  }
}

/** TLS that ends at somebody with a certificate of his own making (RFC 8446 section 4.4.2). */
export async function otherCertificate(target: ProbedTarget): Promise<Verdict> {
  const server = createServer(await makeCertificate());
  server.on("tlsClientError", () => {});
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    const url = through(target.url, (server.address() as AddressInfo).port);
    await using _user = await ProbingUser.connect(target, url);
    return accepted("our client spoke to a server whose certificate nobody vouches for");
  } catch (error) {
    return refusedByProtocol(`our client did not go on: ${reasonIn(error)}`);
  } finally {
    server.close();
  }
}

/** Anything but a TLS handshake, where one is expected (RFC 8446 section 4). */
async function plaintext({ url }: ProbedTarget): Promise<Verdict> {
  using peer = await RawPeer.connect(url, false);
  peer.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  if (!(await peer.untilEnd())) return accepted("plain text was not refused");
  const { heard } = peer;
  const said = heard === "" ? "without a word" : heard.startsWith("\x15\x03") ? "with a TLS alert" : "with an answer";
  return refusedByProtocol(`the server ended the connection ${said}`);
}

/** What an error says after the address it begins with. */
export const reasonIn = (error: unknown): string => describeError(error).replace(/^cannot connect to \S+: /, "");

export const byClient = {
  "early-message": earlyMessage,
  "forged-sender": forgedSender,
  "replayed-login": nothingThere("there is no login that could be replayed"),
  "false-server": falseServer,
  plaintext: (target) =>
    beginsWithTls(target.url) ? plaintext(target) : nothingThere("TLS was not asked for; +tls does")(target),
  "stripped-tls": nothingThere("there is no offer of TLS in plain text to strip"),
  oversize,
  flood,
} as const satisfies Partial<Record<ProbeName, (target: ProbedTarget) => Promise<Verdict>>>;
