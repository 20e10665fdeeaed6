/** What the tests of the XMPP server share: a server with bounds of the test's own, and a peer that says exactly what it is told to. */
import assert from "node:assert/strict";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { it } from "node:test";
import { type Behaviour, defaultLimits, type Limits, type Options } from "../../protocol/contract.ts";
import { closeServer, listenOn, trackSockets } from "../connection/listening.ts";
import { echo } from "../testing.ts";
import { defaultBounds, type XmppBounds } from "./bounds.ts";
import { newHost, type XmppHost } from "./host.ts";
import { XmppTcpStream } from "./tcp-stream.ts";

export const header =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' " +
  "to='localhost' version='1.0'>";
export const sasl = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
export const base64 = (text: string): string => Buffer.from(text).toString("base64");
export const auth = (mechanism: string, data: string): string =>
  `<auth ${sasl} mechanism='${mechanism}'>${base64(data)}</auth>`;
export const saslResponse = (data: string): string => `<response ${sasl}>${base64(data)}</response>`;

export interface TestServer extends AsyncDisposable {
  readonly host: XmppHost;
  /** Of every account. */
  readonly password: string;
  readonly port: number;
  /** Bound sessions. */
  readonly connections: number;
}

/** The server over TCP, as `xmppServer` is it, with what only tests ask for. */
export async function serve({
  limits = {},
  bounds = {},
  behaviour = echo,
  options = {},
  firstCount = 0,
}: {
  limits?: Partial<Limits>;
  bounds?: Partial<XmppBounds>;
  behaviour?: Behaviour;
  options?: Options;
  firstCount?: number;
} = {}): Promise<TestServer> {
  const { host, credentials } = newHost(
    { behaviour, limits: { ...defaultLimits, handshakeMs: 60_000, ...limits }, options },
    { bounds: { ...defaultBounds, ...bounds }, firstCount },
  );
  const server = createServer({ noDelay: true }, (socket) => {
    const stream = new XmppTcpStream(socket, host);
    if (host.sessions.size > host.limits.connectionsMax) stream.fail("resource-constraint");
  });
  const sockets = trackSockets(server);
  const authority = await listenOn(server, "127.0.0.1", 0);
  return {
    host,
    password: credentials.slice(credentials.indexOf(":") + 1),
    port: Number(authority.split(":").at(-1)),
    get connections() {
      return host.links.size;
    },
    [Symbol.asyncDispose]: () => {
      host.resumptions.close();
      return closeServer(server, sockets);
    },
  };
}

/** The client's side of SCRAM (RFC 5802), written apart from the server's. */
export class ScramClient {
  readonly mechanism: string;
  readonly #hash: "sha1" | "sha256";
  readonly #first: string;
  readonly #password: string;
  readonly #gs2Header: string;
  /** What the server must prove, once responded. */
  signature = "";

  constructor(
    name: string,
    password: string,
    { hash = "SHA-1", gs2Header = "n,,", nonce = "fyko+d2lbbFgONRv9qkxdawL" } = {},
  ) {
    this.mechanism = `SCRAM-${hash}`;
    this.#hash = hash === "SHA-1" ? "sha1" : "sha256";
    this.#first = `n=${name},r=${nonce}`;
    this.#password = password;
    this.#gs2Header = gs2Header;
  }

  get first(): string {
    return this.#gs2Header + this.#first;
  }

  /** The final message, for the challenge as it came; `claims` are proved as well as the truth, `c` in clear. */
  respond(challenge: string, claims: { c?: string; r?: string } = {}): string {
    const [, nonce, salt, rounds] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(challenge)!;
    const hash = this.#hash;
    const hmac = (key: Buffer, text: string): Buffer => createHmac(hash, key).update(text).digest();
    const salted = pbkdf2Sync(
      this.#password,
      Buffer.from(salt!, "base64"),
      Number(rounds),
      hash === "sha1" ? 20 : 32,
      hash,
    );
    const clientKey = hmac(salted, "Client Key");
    const withoutProof = `c=${base64(claims.c ?? this.#gs2Header)},r=${claims.r ?? nonce}`;
    const authMessage = `${this.#first},${challenge},${withoutProof}`;
    const signed = hmac(createHash(hash).update(clientKey).digest(), authMessage);
    this.signature = `v=${hmac(hmac(salted, "Server Key"), authMessage).toString("base64")}`;
    return `${withoutProof},p=${Buffer.from(clientKey.map((byte, at) => byte ^ signed[at]!)).toString("base64")}`;
  }
}

/** The text in a challenge or a success, decoded. */
export const saslData = (text: string): string =>
  Buffer.from(/>([^<>]*)<\/(?:challenge|success)>$/.exec(text)?.[1] ?? "", "base64").toString();

/** A client that logs in and binds like any other and then says what the test says. */
export class RawPeer implements Disposable {
  readonly socket: Socket;
  readonly password: string;
  jid = "";
  #received = "";
  #more = Promise.withResolvers<void>();

  private constructor(socket: Socket, password: string) {
    this.socket = socket;
    this.password = password;
    socket.on("error", () => {});
    socket.setEncoding("utf8");
    socket.on("data", (chunk) => {
      this.#received += chunk;
      this.#more.resolve();
    });
    socket.on("close", () => this.#more.resolve());
  }

  static async connect({ port, password }: TestServer): Promise<RawPeer> {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    await once(socket, "connect");
    return new RawPeer(socket, password);
  }

  /** Logs in and binds a resource. */
  static async login(server: TestServer, resource = "", account = "wirebench"): Promise<RawPeer> {
    const peer = await RawPeer.connect(server);
    await peer.authenticate(account);
    await peer.bind(resource);
    return peer;
  }

  /** Logs in as `account/resource`, asks for the roster and is available. */
  static async available(
    server: TestServer,
    account: string,
    resource = "r",
    presence = "<presence/>",
  ): Promise<RawPeer> {
    const peer = await RawPeer.login(server, resource, account);
    await peer.ask("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>", 'id="roster"');
    await peer.settle();
    await peer.ask(presence, `from="${peer.jid}"`);
    await peer.settle();
    return peer;
  }

  async authenticate(account = "wirebench"): Promise<void> {
    await this.ask(header, "</stream:features>");
    const client = new ScramClient(account, this.password);
    const challenge = await this.ask(auth(client.mechanism, client.first), "</challenge>");
    await this.ask(saslResponse(client.respond(saslData(challenge))), "</success>");
    await this.ask(header, "</stream:features>");
  }

  async bind(resource = ""): Promise<string> {
    const wish = resource === "" ? "" : `<resource>${resource}</resource>`;
    const answer = await this.ask(
      `<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>${wish}</bind></iq>`,
      "</iq>",
    );
    this.jid = /<jid>(.*)<\/jid>/.exec(answer)?.[1] ?? "";
    return answer;
  }

  /** Without its resource. */
  get bare(): string {
    return this.jid.slice(0, this.jid.indexOf("/"));
  }

  write(data: string | Uint8Array): this {
    this.socket.write(data);
    return this;
  }

  /** What was received up to and including `text`. */
  async until(text: string): Promise<string> {
    for (;;) {
      const at = this.#received.indexOf(text);
      if (at >= 0) {
        const heard = this.#received.slice(0, at + text.length);
        this.#received = this.#received.slice(at + text.length);
        return heard;
      }
      assert.ok(!this.socket.closed, `the server closed before it said ${text}; it said ${this.#received}`);
      await this.#more.promise;
      this.#more = Promise.withResolvers();
    }
  }

  ask(data: string | Uint8Array, text: string): Promise<string> {
    this.write(data);
    return this.until(text);
  }

  #settlements = 0;

  /** Everything the server has sent until it answers a ping of now. */
  async settle(): Promise<string> {
    const id = `settle-${this.#settlements++}`;
    const answer = `<iq type="result" id="${id}" to="${this.jid}"/>`;
    return (await this.ask(`<iq type='get' id='${id}'><ping xmlns='urn:xmpp:ping'/></iq>`, answer)).slice(
      0,
      -answer.length,
    );
  }

  /** Says something and returns all that comes back of it. */
  async hear(data: string): Promise<string> {
    return this.write(data).settle();
  }

  /** What was received until the server closed. */
  async untilClosed(): Promise<string> {
    if (!this.socket.closed) await once(this.socket, "close");
    return this.#received;
  }

  async assertEcho(text = "still here"): Promise<void> {
    const message = `<message to='localhost'><body>${text}</body></message>`;
    const answer = await this.ask(message, "</message>");
    const echoed = `<message from="localhost" to="${this.jid}" type="headline"><body>${text}</body></message>`;
    assert.ok(answer.endsWith(echoed), answer);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

export const test = (title: string, run: () => Promise<void>): void => void it(title, { timeout: 60_000 }, run);
