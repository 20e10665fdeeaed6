/** Probes of XMPP (RFC 6120), on whatever wire its stream is. */
import { randomBytes } from "node:crypto";
import type { ProbeName } from "../../../../../results/recording/findings.ts";
import {
  accepted,
  notApplicable,
  type Probe,
  type ProbedTarget,
  refusedByProtocol,
  refusedByServer,
  type Verdict,
  watchMs,
} from "../probe.ts";
import { conditionIn, frameOpen, namespaces, streamErrorPattern, type XmlStream } from "../streams/xml-stream.ts";
import { auth, bound, exchangeFor, logIn, opened, response, step, streamTo } from "./login.ts";

const message = (to: string, body: string, from = ""): string =>
  `<message xmlns='${namespaces.client}' to='${to}' type='chat'${from}><body>${body}</body></message>`;

/** Section 6.5.10. */
async function wrongPassword(target: ProbedTarget): Promise<Verdict> {
  using stream = await streamTo(target);
  const password = randomBytes(12).toString("base64url");
  const exchange = exchangeFor(target, await opened(stream, target), { password });
  if (exchange === undefined) throw new Error("the server offers no login that wirebench has");
  const { outcome } = await logIn(stream, exchange);
  return outcome.kind === "success"
    ? accepted(`${exchange.mechanism} with a wrong password: success`)
    : refusedByProtocol(`${exchange.mechanism}: ${outcome.condition}`);
}

/** Section 4.9.3.12: what comes before a login is answered with a stream error, and nobody hears of it. */
async function earlyMessage(target: ProbedTarget): Promise<Verdict> {
  const { stream: recipient, jid } = await bound(target);
  using _ = recipient;
  using stream = await streamTo(target);
  await opened(stream, target);
  const [early, own] = [randomBytes(6).toString("hex"), randomBytes(6).toString("hex")];
  stream.send(message(jid, early));
  const answer = await answerWithin(stream, watchMs);
  // What this sends itself comes after whatever was there before.
  recipient.send(message(jid, own));
  const [heard] = await recipient.until(new RegExp(`${early}|${own}`));
  if (heard === early) return accepted("a message of a peer that has not logged in was delivered");
  return answer === undefined
    ? refusedByServer("dropped without an answer, and not delivered")
    : refusedByProtocol(answer);
}

/** The stream error, or how the stream ended; undefined where neither came in time. */
async function answerWithin(stream: XmlStream, ms: number): Promise<string | undefined> {
  try {
    return `stream error ${conditionIn(await stream.until(streamErrorPattern, ms))}`;
  } catch (error) {
    const { code, message: said } = error as { code?: string; message: string };
    return code === "closed" ? said : undefined;
  }
}

/** Section 8.1.2.1: a server overwrites what a client says of its sender, or ends the stream. */
async function forgedSender(target: ProbedTarget): Promise<Verdict> {
  const { stream, jid } = await bound(target);
  using _ = stream;
  const mark = randomBytes(6).toString("hex");
  stream.send(message(jid, mark, ` from='somebody.else@${jid.split("@")[1]!.split("/")[0]}/forged'`));
  const pattern = new RegExp(`<message\\b([^>]*)>(?:(?!</message>)[\\s\\S])*${mark}|${streamErrorPattern.source}`);
  const match = await stream.until(pattern);
  if (match[1] === undefined) return refusedByProtocol(`stream error ${match[2] ?? match[3]}`);
  const from = /\bfrom=["']([^"']*)/.exec(match[1])?.[1];
  if (from?.includes("somebody.else")) return accepted("the message came with the forged sender");
  return refusedByProtocol("the server put the real sender in its place");
}

/** RFC 5802 section 9: the server's part of the nonce is new in every login. */
async function replayedLogin(target: ProbedTarget): Promise<Verdict> {
  const only = /^SCRAM-/;
  using first = await streamTo(target);
  const exchange = exchangeFor(target, await opened(first, target), { only });
  if (exchange === undefined) return notApplicable("the server offers no SCRAM");
  const { said, outcome } = await logIn(first, exchange);
  if (outcome.kind !== "success") throw new Error(`the server refused the login: ${outcome.condition}`);
  using second = await streamTo(target);
  await opened(second, target);
  const challenge = await step(second, auth(exchange.mechanism, said[0]!));
  if (challenge.kind === "refused") return refusedByProtocol(`first message: ${challenge.condition}`);
  const answer = await step(second, response(said[1]!));
  return answer.kind === "refused"
    ? refusedByProtocol(`${exchange.mechanism}: ${answer.condition}`)
    : accepted(`${exchange.mechanism}: an overheard proof opened a second login`);
}

/** Section 11.1: neither document type declarations nor entities of one's own. */
async function hostileXml(target: ProbedTarget): Promise<Verdict> {
  const verdicts = [await withDeclaration(target), await withEntity(target)];
  const worst = verdicts.find(({ outcome }) => outcome === "accepted") ?? verdicts[0]!;
  return { ...worst, evidence: verdicts.map(({ evidence }) => evidence).join("; ") };
}

async function withDeclaration(target: ProbedTarget): Promise<Verdict> {
  using stream = await streamTo(target);
  await opened(stream, target);
  return await hostile(stream, `<!DOCTYPE stream [<!ENTITY a "aaaaaaaaaa">]>${frameOpen("localhost")}`, "DTD");
}

/** After a login, so that it is the entity that is refused. */
async function withEntity(target: ProbedTarget): Promise<Verdict> {
  const { stream, jid } = await bound(target);
  using _ = stream;
  return await hostile(stream, message(jid, "&a;"), "entity");
}

async function hostile(stream: XmlStream, xml: string, what: string): Promise<Verdict> {
  stream.send(xml);
  try {
    const match = await stream.until(new RegExp(`${streamErrorPattern.source}|<body>&amp;a;`));
    return match[0].startsWith("<body>")
      ? accepted(`${what}: delivered`)
      : refusedByProtocol(`${what}: ${conditionIn(match)}`);
  } catch (error) {
    const { code, message: said } = error as { code?: string; message: string };
    return code === "closed" ? refusedByProtocol(`${what}: ${said}`) : accepted(`${what}: no answer`);
  }
}

export const stanzaProbes = {
  "wrong-password": wrongPassword,
  "early-message": earlyMessage,
  "forged-sender": forgedSender,
  "replayed-login": replayedLogin,
  "hostile-framing": hostileXml,
} as const satisfies Partial<Record<ProbeName, Probe>>;
