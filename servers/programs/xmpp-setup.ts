/** What the XMPP servers of others have in common: where they listen, who has an account, and how a client reaches them. */
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defaultLimits } from "../../protocol/contract.ts";
import { writeCertificate } from "../connection/certificate.ts";
import { converse } from "./conversation.ts";
import { freePorts } from "./free-ports.ts";
import type { AnsweringPlace, ProgramPlace } from "./private-program.ts";
import type { Federation, RunningProgram } from "./running-program.ts";

/** A configuration is written for these values or, for a report, for words that stand for them. */
export interface XmppSetup {
  readonly folder: string;
  /** Where it listens, and the XMPP domain of its accounts. */
  readonly address: string;
  readonly ports: Readonly<Record<PortName, number | string>>;
}

type PortName = "plain" | "starttls" | "directTls" | "http" | "https";

const usualAddress = "127.0.0.1";

/** The words that stand for them. */
export const setupInWords: XmppSetup = {
  folder: "FOLDER",
  address: usualAddress,
  ports: { plain: "PORT1", starttls: "PORT2", directTls: "PORT3", http: "PORT4", https: "PORT5" },
};

/** With TLS; without, what it says of that is not there. */
export const federationInWords: Federation = { address: usualAddress, certificate: { cert: "", key: "" } };

/** For a start in this place, with ports that are free and a certificate in its folder. */
export async function setupFor(
  { folder, port }: ProgramPlace,
  federation: Federation | undefined,
): Promise<XmppSetup & { readonly certificate?: string }> {
  const [starttls, directTls, http, https] = (await freePorts(4)) as [number, number, number, number];
  const address = federation?.address ?? usualAddress;
  const ports = { plain: port, starttls, directTls, http, https };
  if (federation === undefined) return { folder, address, ports, certificate: (await writeCertificate(folder)).cert };
  const { cert = "", key = "" } = federation.certificate ?? {};
  await writePrivately(folder, certificateFile, cert);
  await writePrivately(folder, keyFile, key);
  return { folder, address, ports };
}

/** Names of files in the folder, as `writeCertificate` gives them. */
export const certificateFile = "certificate.pem";
export const keyFile = "key.pem";

/** The default of RFC 6120 section 14.7: without DNS, nothing can name another one to servers. */
export const serverPort = 5269;

/** Largest stanza it takes, in bytes: the largest payload of a benchmark fits, in whatever encoding. */
export const stanzaBytesMax = 10 * 1024 * 1024;

/** Accounts are this one and `user0`, `user1` and so on, all with one password, which is new with every start. */
export const accountName = "wirebench";
/** One for each connection that a run may have: what users of one account share would be work that no server has. */
export const numberedAccounts = defaultLimits.connectionsMax;
/** In URLs, who logs in: each virtual user with the account of its number. */
export const users = "user%d";
export const newPassword = (): string => randomBytes(16).toString("base64url");

/** Where the bindings are served that ride on HTTP. */
export interface HttpPaths {
  readonly websocket: string;
  readonly bosh: string;
}

/** URLs by scheme; `starttls` is the one of `xmpp:` with TLS. */
export function xmppAddresses(
  { address, ports }: XmppSetup,
  password: string,
  paths: HttpPaths,
): Readonly<Record<string, string>> {
  const at = (scheme: string, port: number | string, path = "/"): string =>
    `${scheme}://${users}:${password}@${address}:${port}${path}`;
  return {
    xmpp: at("xmpp", ports.plain),
    starttls: at("xmpp", ports.starttls),
    xmpps: at("xmpps", ports.directTls),
    ws: at("ws", ports.http, paths.websocket),
    wss: at("wss", ports.https, paths.websocket),
    http: at("http", ports.http, paths.bosh),
    https: at("https", ports.https, paths.bosh),
  };
}

const served =
  (plain: string, encrypted: string) =>
  ({ addresses, url }: RunningProgram, { tls }: Readonly<Record<string, string>>): string =>
    addresses?.[tls === undefined ? plain : tls === "starttls" ? "starttls" : encrypted] ?? url;

/** URLs of the protocols that are bindings of XMPP. */
export const xmppServes = {
  xmpp: served("xmpp", "xmpps"),
  "xmpp-websocket": served("ws", "wss"),
  bosh: served("http", "https"),
};

const streamHeader = (to: string): string =>
  `<stream:stream to='${to}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`;
const refusal = /<stream:error|<failure/;

/** Rejects unless this very process has said that it has started, and offers a login. */
export async function offersLogin({ said, ...place }: AnsweringPlace, address: string, started: RegExp): Promise<void> {
  if (!started.test(said())) throw new Error("not yet");
  await converse({ ...place, address }, streamHeader(address), [/<mechanism>SCRAM-SHA-1<\/mechanism>/], refusal);
}

/** Rejects unless a login is answered with a salt that only this server has (RFC 5802 section 5). */
export async function asksForProof(place: AnsweringPlace, address: string, salt: string): Promise<void> {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const first = base64(`n,,n=${accountName},r=${newPassword()}`);
  const login = `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>${first}</auth>`;
  const challenge = /<challenge[^>]*>([^<]+)</;
  const answer = await converse({ ...place, address }, streamHeader(address) + login, [challenge], refusal);
  const asked = Buffer.from(challenge.exec(answer)![1]!, "base64").toString();
  if (!asked.includes(`,s=${base64(salt)},`)) throw new Error("another server");
}

/** Writes text that only whoever runs this may read. */
export const writePrivately = (folder: string, name: string, text: string): Promise<void> =>
  writeFile(join(folder, name), text, { mode: 0o600 });
