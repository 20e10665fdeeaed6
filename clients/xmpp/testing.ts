/** A server that says what a test tells it to say: what tests of the XMPP client share. */
import assert from "node:assert/strict";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { TLSSocket, type TLSSocketOptions } from "node:tls";
import { testCertificate } from "../../protocol/testing.ts";

export const jid = "alice@localhost/home";
export const header =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' " +
  "from='localhost' id='1' version='1.0'>";
export const features = (content: string): string => `${header}<stream:features>${content}</stream:features>`;
export const mechanismList = (...names: string[]): string =>
  `<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>${names.map((name) => `<mechanism>${name}</mechanism>`).join("")}</mechanisms>`;
export const mechanisms = (...names: string[]): string => features(mechanismList(...names));
export const starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
export const proceed = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
export const bind = features("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>");
export const bindResult = `<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>${jid}</jid></bind></iq>`;
export const sasl = (name: string, text: string): string =>
  `<${name} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>${Buffer.from(text).toString("base64")}</${name}>`;
export const decode = (text: string | undefined): string => Buffer.from(text ?? "", "base64").toString();

/** Plays its script to one client after the other. */
export class ScriptedServer implements AsyncDisposable {
  readonly #server: Server;
  readonly sockets: Socket[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(script: (talk: Talk) => Promise<void>): Promise<ScriptedServer> {
    const server = createServer({ noDelay: true });
    const scripted = new ScriptedServer(server);
    server.on("connection", (socket) => {
      scripted.sockets.push(socket.on("error", () => {}));
      // A script that fails leaves the client without an answer, which its test reports.
      script(new Talk(socket)).catch(() => socket.destroy());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return scripted;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  url(path = "localhost", account = "alice:secret", scheme = "xmpp"): string {
    return `${scheme}://${account}@127.0.0.1:${this.port}/${path}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.#server, "close");
  }
}

/** What a SCRAM server is told to get wrong. */
export interface Forgery {
  readonly nonce?: string;
  readonly rounds?: number;
  /** Text of `<success/>` instead of the server's signature. */
  readonly signature?: string;
}

/** The server's end of one connection. */
export class Talk {
  socket: Socket;
  #received = "";
  #more = Promise.withResolvers<void>();

  constructor(socket: Socket) {
    this.socket = socket;
    this.#listen(socket);
  }

  #listen(socket: Socket): void {
    socket.setEncoding("utf8");
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      this.#received += chunk;
      this.#more.resolve();
    });
  }

  say(text: string | Uint8Array): void {
    this.socket.write(text);
  }

  async hear(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#received);
      if (match !== null) {
        this.#received = this.#received.slice(match.index + match[0].length);
        return match;
      }
      await this.#more.promise;
      this.#more = Promise.withResolvers();
    }
  }

  /** Goes on over TLS, as a server does after `<proceed/>` or from the first byte on. */
  async encrypt(options: TLSSocketOptions = testCertificate): Promise<TLSSocket> {
    this.socket.removeAllListeners("data");
    const encrypted = new TLSSocket(this.socket, { ...options, isServer: true });
    this.socket = encrypted;
    this.#received = "";
    this.#listen(encrypted);
    await once(encrypted, "secure");
    return encrypted;
  }

  /** Lets the client in with PLAIN; `last` follows in the segment that ends the login. */
  async welcome(last = ""): Promise<void> {
    await this.authenticate();
    await this.bind(last);
  }

  /** Up to where the client binds a resource. */
  async authenticate(thenOffered = bind): Promise<void> {
    await this.hear(/<stream:stream[^>]* to="localhost"[^>]*>/);
    this.say(mechanisms("PLAIN"));
    await this.hear(/<auth [^>]*mechanism="PLAIN">[^<]*<\/auth>/);
    this.say(sasl("success", ""));
    await this.hear(/<stream:stream[^>]*>/);
    this.say(thenOffered);
  }

  async bind(last = ""): Promise<void> {
    await this.hear(/<iq type="set" id="bind"><bind [^>]*><resource>[\w-]{12}<\/resource><\/bind><\/iq>/);
    this.say(bindResult + last);
  }

  /** Plays SCRAM with the password `secret`, but for what is forged, up to where the client binds. */
  async scram(forgery: Forgery = {}, mechanism: "SCRAM-SHA-1" | "SCRAM-SHA-256" = "SCRAM-SHA-1"): Promise<void> {
    await this.hear(/<stream:stream[^>]*>/);
    this.say(mechanisms("PLAIN", mechanism));
    const first = decode((await this.hear(new RegExp(`mechanism="${mechanism}">([^<]*)<`)))[1]);
    const { bare, nonce } = /^n,,(?<bare>n=alice,r=(?<nonce>.+))$/.exec(first)!.groups as Record<string, string>;
    const [hash, bytes] = mechanism === "SCRAM-SHA-1" ? (["sha1", 20] as const) : (["sha256", 32] as const);
    const salt = Buffer.from("salt");
    const rounds = forgery.rounds ?? 4096;
    const fullNonce = forgery.nonce ?? `${nonce}server`;
    const challenge = `r=${fullNonce},s=${salt.toString("base64")},i=${rounds}`;
    this.say(sasl("challenge", challenge));
    const final = decode((await this.hear(/<response [^>]*>([^<]*)</))[1]);
    const salted = pbkdf2Sync("secret", salt, rounds, bytes, hash);
    const hmac = (key: Buffer, text: string): Buffer => createHmac(hash, key).update(text).digest();
    const withoutProof = `c=biws,r=${fullNonce}`;
    const authMessage = `${bare},${challenge},${withoutProof}`;
    const clientKey = hmac(salted, "Client Key");
    const clientSignature = hmac(createHash(hash).update(clientKey).digest(), authMessage);
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ clientSignature[index]!));
    assert.equal(final, `${withoutProof},p=${proof.toString("base64")}`);
    const signature = hmac(hmac(salted, "Server Key"), authMessage).toString("base64");
    this.say(sasl("success", forgery.signature ?? `v=${signature}`));
    await this.hear(/<stream:stream[^>]*>/);
    this.say(bind);
  }
}
