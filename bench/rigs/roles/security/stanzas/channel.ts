/** Probes of the way between client and server: somebody stands on it. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { saslLogin } from "../../../../../clients/xmpp/sasl.ts";
import { xmppTarget } from "../../../../../clients/xmpp/target.ts";
import { addressOf, beginsWithTls } from "../../../../../protocol/address.ts";
import type { ProbeName } from "../../../../../results/recording/findings.ts";
import { makeCertificate } from "../../../../../servers/connection/certificate.ts";
import { through } from "../../../../relay/way.ts";
import { type Change, Wiretap } from "../../../../relay/wiretap.ts";
import { byClient, otherCertificate, reasonIn } from "../by-client.ts";
import {
  accepted,
  notApplicable,
  type Probe,
  type ProbedTarget,
  refusedByProtocol,
  refusedByServer,
  type Verdict,
} from "../probe.ts";

import { header, namespaces } from "../streams/xml-stream.ts";
import { ProbingUser } from "../user.ts";
import { auth, offersTls, step, streamTo } from "./login.ts";

/** The URL of the same account by another port of this host. */
function throughPort(url: string, port: number): string {
  const there = new URL(through(url, port));
  // The address is another one; the domain is not.
  there.searchParams.set("domain", xmppTarget(url).domain);
  return there.href;
}

/** Our client, on a way on which somebody changes what the server says. */
async function onChangedWay(
  target: ProbedTarget,
  change: (text: string) => string,
  { refusal, acceptance, unchanged }: { refusal: string; acceptance: string; unchanged: string },
): Promise<Verdict> {
  let hasChanged = false;
  const changing: Change = (bytes) => {
    const text = bytes.toString("latin1");
    const changed = change(text);
    hasChanged ||= changed !== text;
    return Buffer.from(changed, "latin1");
  };
  await using tap = await Wiretap.on(addressOf(target.url), changing);
  try {
    await using _user = await ProbingUser.connect(target, throughPort(target.url, tap.port));
    return hasChanged ? accepted(acceptance) : notApplicable(unchanged);
  } catch (error) {
    if (!hasChanged) throw error;
    return refusedByProtocol(`${refusal}: ${reasonIn(error)}`);
  }
}

/** RFC 5802 section 3: who does not know the password cannot make the server's signature. */
const withFalseSignature = (text: string): string =>
  text.replace(/(<success\b[^>]*>)([\w+/=]+)(?=<\/success>)/, (_whole, before: string, data: string) => {
    const proof = Buffer.from(data, "base64").toString();
    const other = proof.replace(/^(v=)(.)/, (_v, name: string, first: string) => name + (first === "A" ? "B" : "A"));
    return before + Buffer.from(other).toString("base64");
  });

async function falseServer(target: ProbedTarget): Promise<Verdict> {
  if (beginsWithTls(target.url)) return await otherCertificate(target);
  if (await offersStarttls(target)) return await otherCertificateInStream(target);
  return await onChangedWay(target, withFalseSignature, {
    refusal: "our client left",
    acceptance: "our client took a signature that was not the server's",
    unchanged: "the login proves nothing of the server: PLAIN",
  });
}

async function offersStarttls(target: ProbedTarget): Promise<boolean> {
  using stream = await streamTo(target);
  return stream.upgrade !== undefined && offersTls(await stream.open());
}

/** The certificate after STARTTLS is of somebody's own making (RFC 6120 section 5.4.3.1). */
async function otherCertificateInStream(target: ProbedTarget): Promise<Verdict> {
  const { domain } = xmppTarget(target.url);
  const secure = await makeCertificate();
  const features = `<stream:features><starttls xmlns='${namespaces.tls}'><required/></starttls></stream:features>`;
  const server = createServer((socket: Socket) => {
    socket.on("error", () => {});
    socket.on("data", function hear(bytes: Buffer) {
      if (!bytes.includes("<starttls"))
        return void socket.write(header(domain).replace(" to=", " id='1' from=") + features);
      socket.off("data", hear);
      socket.write(`<proceed xmlns='${namespaces.tls}'/>`);
      new TLSSocket(socket, { isServer: true, ...secure }).on("error", () => {});
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    await using _user = await ProbingUser.connect(
      target,
      throughPort(target.url, (server.address() as AddressInfo).port),
    );
    return accepted("our client logged in to a server whose certificate nobody vouches for");
  } catch (error) {
    return refusedByProtocol(`our client did not go on: ${reasonIn(error)}`);
  } finally {
    server.close();
  }
}

async function strippedTls(target: ProbedTarget): Promise<Verdict> {
  if (beginsWithTls(target.url) || !(await offersStarttls(target))) return await byClient["stripped-tls"](target);
  const stripped = (text: string): string => text.replace(/<starttls\b[^>]*?(?:\/>|>[\s\S]*?<\/starttls>)/, "");
  return await onChangedWay(target, stripped, {
    refusal: "our client gave up",
    acceptance: "our client takes TLS where it is offered, and went on without",
    unchanged: "the offer could not be cut out",
  });
}

/** Section 5.3.1: a server that requires TLS takes nothing but STARTTLS before. */
async function plaintext(target: ProbedTarget): Promise<Verdict> {
  if (beginsWithTls(target.url)) return await byClient.plaintext(target);
  using stream = await streamTo(target);
  const features = await stream.open();
  if (stream.upgrade === undefined || !offersTls(features)) return await byClient.plaintext(target);
  const { username, password } = xmppTarget(target.url);
  // Its first message tells no secret.
  const mechanism = "SCRAM-SHA-1";
  const exchange = saslLogin([mechanism], { username, password }, { mechanism, isPrivate: false });
  const answer = await step(stream, auth(exchange.mechanism, exchange.initialResponse));
  if (answer.kind === "refused") return refusedByServer(`a login before STARTTLS: ${answer.condition}`);
  return features.includes("<required")
    ? accepted("a login before STARTTLS was not refused, although TLS is required")
    : notApplicable("the server offers STARTTLS and does not require it");
}

export const channelProbes = {
  "false-server": falseServer,
  "stripped-tls": strippedTls,
  plaintext,
} as const satisfies Partial<Record<ProbeName, Probe>>;
