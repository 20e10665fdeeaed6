/** Login by hand (RFC 6120 sections 5 to 7), with what a probe must know of it. */
import { type SaslLogin, saslLogin } from "../../../../../clients/xmpp/sasl.ts";
import { xmppTarget } from "../../../../../clients/xmpp/target.ts";
import type { ProbedTarget } from "../probe.ts";
import { boshStream } from "../streams/bosh.ts";
import { frameStream } from "../streams/frames.ts";
import { socketStream } from "../streams/socket.ts";
import { namespaces, saslFailurePattern, streamErrorPattern, type XmlStream } from "../streams/xml-stream.ts";

const streams: Readonly<Record<string, (url: string) => Promise<XmlStream>>> = {
  "xmpp:": socketStream,
  "xmpps:": socketStream,
  "ws:": frameStream,
  "wss:": frameStream,
  "http:": boshStream,
  "https:": boshStream,
};

/** Connected, and nothing said yet. */
export const streamTo = ({ url }: ProbedTarget): Promise<XmlStream> => streams[new URL(url).protocol]!(url);

/** Where a login may begin. */
export interface Opened {
  readonly features: string;
  /** Nobody between here and the server can read. */
  readonly isPrivate: boolean;
}

/** Opens the stream, on TLS where the server offers that within the stream, as our client does. */
export async function opened(stream: XmlStream, { url }: ProbedTarget): Promise<Opened> {
  const { tls, isLoopback } = xmppTarget(url);
  const features = await stream.open();
  if (stream.upgrade === undefined || !offersTls(features)) return { features, isPrivate: tls || isLoopback };
  stream.send(`<starttls xmlns='${namespaces.tls}'/>`);
  await stream.until(/<proceed\b[^>]*>/);
  await stream.upgrade();
  return { features: await stream.open(), isPrivate: true };
}

export const offersTls = (features: string): boolean => features.includes(namespaces.tls);

const mechanismsIn = (features: string): string[] =>
  [...features.matchAll(/<mechanism\b[^>]*>\s*([\w-]+)\s*<\/mechanism>/g)].map(([, name]) => name!);

/** The client's side of a login with the best mechanism; undefined where the server offers none of those that are meant. */
export function exchangeFor(
  { url }: ProbedTarget,
  { features, isPrivate }: Opened,
  { password, only = /./ }: { password?: string; only?: RegExp } = {},
): SaslLogin | undefined {
  const account = xmppTarget(url);
  const offered = mechanismsIn(features).filter((name) => only.test(name));
  const credentials = { username: account.username, password: password ?? account.password };
  try {
    return saslLogin(offered, credentials, { mechanism: undefined, isPrivate });
  } catch {
    return undefined;
  }
}

const encode = (text: string): string => (text === "" ? "=" : Buffer.from(text).toString("base64"));
const decode = (text: string): string => Buffer.from(text, "base64").toString();

export const auth = (mechanism: string, initial: string): string =>
  `<auth xmlns='${namespaces.sasl}' mechanism='${mechanism}'>${encode(initial)}</auth>`;
export const response = (data: string): string => `<response xmlns='${namespaces.sasl}'>${encode(data)}</response>`;

/** What the server says to a step of a login. */
const answerPattern =
  /<(challenge|success|failure)\b[^>]*?(?:\/>|>([\s\S]*?)<\/\1>)|<(?:stream:)?error\b[\s\S]*?<\/(?:stream:)?error>/;

export type Step =
  | { readonly kind: "challenge"; readonly data: string }
  | { readonly kind: "success"; readonly data: string }
  | { readonly kind: "refused"; readonly condition: string };

export async function step(stream: XmlStream, xml: string): Promise<Step> {
  stream.send(xml);
  const [whole, kind, text = ""] = await stream.until(answerPattern);
  if (kind === "challenge" || kind === "success") return { kind, data: decode(text.trim()) };
  const condition = saslFailurePattern.exec(whole)?.[1] ?? streamErrorPattern.exec(whole)?.[1] ?? "no condition";
  return { kind: "refused", condition: kind === "failure" ? condition : `stream error ${condition}` };
}

/** Everything the client said, in order, and the server's last word. */
export interface LoginRun {
  readonly said: readonly string[];
  readonly outcome: Exclude<Step, { kind: "challenge" }>;
}

/** Plays an exchange to its end. */
export async function logIn(stream: XmlStream, exchange: SaslLogin): Promise<LoginRun> {
  const said = [exchange.initialResponse];
  let answer = await step(stream, auth(exchange.mechanism, exchange.initialResponse));
  while (answer.kind === "challenge") {
    const next = await exchange.respond(answer.data);
    said.push(next);
    answer = await step(stream, response(next));
  }
  return { said, outcome: answer };
}

/** A stream that is logged in, with its full JID. Rejects where the server refuses the target's own account. */
export async function bound(target: ProbedTarget): Promise<{ stream: XmlStream; jid: string }> {
  const stream = await streamTo(target);
  const exchange = exchangeFor(target, await opened(stream, target));
  if (exchange === undefined) throw new Error("the server offers no login that wirebench has");
  const { outcome } = await logIn(stream, exchange);
  if (outcome.kind === "refused") throw new Error(`the server refused the login: ${outcome.condition}`);
  await stream.open();
  stream.send(`<iq xmlns='${namespaces.client}' type='set' id='bind'><bind xmlns='${namespaces.bind}'/></iq>`);
  const [, jid] = await stream.until(/<jid>([^<]+)<\/jid>/);
  return { stream, jid: jid! };
}
