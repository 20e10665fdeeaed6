import { createHash, createHmac, pbkdf2Sync } from "node:crypto";

/** What one client says, before anything is mutated. */
export interface Conversation {
  readonly name: string;
  /** One after the other; each a stream header, an element or an end. */
  readonly pieces: readonly Piece[];
  /** Before it, another client leaves a session behind that can be resumed: `context.previousId`. */
  readonly resumes?: true;
}

export interface Piece {
  /** What must have been heard before it can be said, unless something was mutated before it. */
  readonly needs?: RegExp;
  xml(context: Context): string;
}

/** Who says it, and what has been heard until then. */
export interface Context {
  readonly domain: string;
  readonly user: string;
  readonly password: string;
  readonly resource: string;
  readonly previousId: string;
  readonly heard: string;
}

const namespaces = {
  sasl: "urn:ietf:params:xml:ns:xmpp-sasl",
  bind: "urn:ietf:params:xml:ns:xmpp-bind",
  session: "urn:ietf:params:xml:ns:xmpp-session",
  streamManagement: "urn:xmpp:sm:3",
} as const;

/** A piece that is the same whoever says it, and whatever was heard. */
const always = (xml: string): Piece => ({ xml: () => xml });

const header: Piece = {
  xml: ({ domain }) =>
    `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='${domain}' version='1.0'>`,
};

const base64 = (text: string): string => Buffer.from(text).toString("base64");

const plain: Piece = {
  xml: ({ user, password }) =>
    `<auth xmlns='${namespaces.sasl}' mechanism='PLAIN'>${base64(`\0${user}\0${password}`)}</auth>`,
};

const clientNonce = "fyko+d2lbbFgONRv9qkxdawL";

const scramFirst = (hash: string): Piece => ({
  xml: ({ user }) =>
    `<auth xmlns='${namespaces.sasl}' mechanism='SCRAM-${hash}'>${base64(`n,,n=${user},r=${clientNonce}`)}</auth>`,
});

/** RFC 5802 section 3. Nonsense where there was no challenge. */
const scramFinal = (digest: "sha1" | "sha256"): Piece => ({
  needs: /<\/challenge>|<failure/,
  xml({ user, password, heard }) {
    const challenge = Buffer.from(/<challenge[^>]*>([^<]*)</.exec(heard)?.[1] ?? "", "base64").toString();
    const [, nonce = "", salt = "", rounds = "1"] = /^r=([^,]+),s=([^,]+),i=(\d+)/.exec(challenge) ?? [];
    const salted = saltedPassword(digest, password, salt, Number(rounds));
    const hmac = (key: Buffer, text: string): Buffer => createHmac(digest, key).update(text).digest();
    const clientKey = hmac(salted, "Client Key");
    const withoutProof = `c=biws,r=${nonce}`;
    const storedKey = createHash(digest).update(clientKey).digest();
    const signature = hmac(storedKey, `n=${user},r=${clientNonce},${challenge},${withoutProof}`);
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]!)).toString("base64");
    return `<response xmlns='${namespaces.sasl}'>${base64(`${withoutProof},p=${proof}`)}</response>`;
  },
});

/** Derived once for each salt, since a server's salt does not change. */
const saltedPasswords = new Map<string, Buffer>();
function saltedPassword(digest: "sha1" | "sha256", password: string, salt: string, rounds: number): Buffer {
  const key = `${digest} ${password} ${salt} ${rounds}`;
  const known = saltedPasswords.get(key);
  if (known !== undefined) return known;
  const bytes = digest === "sha1" ? 20 : 32;
  const derived = pbkdf2Sync(password, Buffer.from(salt, "base64"), Math.min(rounds, 100_000), bytes, digest);
  if (saltedPasswords.size < 100) saltedPasswords.set(key, derived);
  return derived;
}

const bind: Piece = {
  xml: ({ resource }) =>
    `<iq type='set' id='bind'><bind xmlns='${namespaces.bind}'><resource>${resource}</resource></bind></iq>`,
};

/** Logs in and binds a resource. */
export const login: readonly Piece[] = [header, plain, header, bind];
const enable = always(`<enable xmlns='${namespaces.streamManagement}' resume='true' max='300'/>`);
const toServer: Piece = {
  xml: ({ domain }) => `<message to='${domain}' type='headline'><body>one &lt; two € &#x1f600;</body></message>`,
};
const toSelf: Piece = {
  xml: ({ user, domain, resource }) =>
    `<message to='${user}@${domain}/${resource}' id='m1' type='chat'><body>to myself</body><thread>t</thread></message>`,
};
const binary: Piece = {
  xml: ({ domain }) => `<message to='${domain}'><data xmlns='urn:wirebench:data:0'>AAECA/7/</data></message>`,
};
const ping = always("<iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>");
const request = always(`<r xmlns='${namespaces.streamManagement}'/>`);
const acknowledge = (h: number): Piece => always(`<a xmlns='${namespaces.streamManagement}' h='${h}'/>`);
const toOther: Piece = {
  xml: ({ domain }) => `<iq type='get' id='q' to='user1@${domain}/none'><query xmlns='urn:x'/></iq>`,
};

/** Before `resumes`: what the client says whose session is left behind. */
export const leftBehind: readonly Piece[] = [...login, enable, toSelf, toServer, toSelf];

/** What a server of the project understands, each with a few things said around it. */
export const conversations: readonly Conversation[] = [
  { name: "messages", pieces: [...login, toServer, toSelf, binary, toOther, ping, always("</stream:stream>")] },
  { name: "scram-sha-1", pieces: [header, scramFirst("SHA-1"), scramFinal("sha1"), header, bind, toServer] },
  { name: "scram-sha-256", pieces: [header, scramFirst("SHA-256"), scramFinal("sha256"), header, bind, toServer] },
  {
    name: "requests",
    pieces: [
      ...login,
      always(`<iq type='set' id='s1'><session xmlns='${namespaces.session}'/></iq>`),
      {
        xml: ({ domain }) =>
          `<iq type='get' id='d1' to='${domain}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
      },
      {
        xml: ({ domain }) =>
          `<iq type='get' id='d2' to='${domain}'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>`,
      },
      ping,
      always("<iq type='result' id='unasked'/>"),
    ],
  },
  {
    name: "roster",
    pieces: [
      ...login,
      always("<iq type='get' id='r1'><query xmlns='jabber:iq:roster'/></iq>"),
      always("<presence><priority>5</priority><status>here</status></presence>"),
      {
        xml: ({ domain }) =>
          `<iq type='set' id='r2'><query xmlns='jabber:iq:roster'><item jid='user2@${domain}' name='Two'><group>A</group></item></query></iq>`,
      },
      { xml: ({ domain }) => `<presence to='user2@${domain}' type='subscribe' id='sub'/>` },
      { xml: ({ domain }) => `<presence to='user2@${domain}' type='subscribed'/>` },
      { xml: ({ domain }) => `<presence to='user3@${domain}/none'/>` },
      { xml: ({ domain }) => `<presence to='user2@${domain}' type='unsubscribe'/>` },
      {
        xml: ({ domain }) =>
          `<iq type='set' id='r3'><query xmlns='jabber:iq:roster'><item jid='user2@${domain}' subscription='remove'/></query></iq>`,
      },
      always("<presence type='unavailable'/>"),
    ],
  },
  {
    name: "room",
    pieces: [
      ...login,
      {
        xml: ({ domain, resource }) =>
          `<presence to='fuzz@rooms.${domain}/${resource}'><x xmlns='http://jabber.org/protocol/muc'/></presence>`,
      },
      {
        xml: ({ domain }) =>
          `<message to='fuzz@rooms.${domain}' type='groupchat' id='g1'><body>to all</body></message>`,
      },
      { xml: ({ domain }) => `<message to='fuzz@rooms.${domain}' type='groupchat'><subject>about</subject></message>` },
      {
        xml: ({ domain }) =>
          `<iq type='set' id='o1' to='fuzz@rooms.${domain}'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query></iq>`,
      },
      { xml: ({ domain, resource }) => `<presence to='fuzz@rooms.${domain}/${resource}' type='unavailable'/>` },
    ],
  },
  {
    name: "stream management",
    pieces: [...login, enable, toSelf, request, acknowledge(1), toServer, toSelf, acknowledge(3), request, ping],
  },
  {
    name: "resumption",
    resumes: true,
    pieces: [
      header,
      plain,
      header,
      { xml: ({ previousId }) => `<resume xmlns='${namespaces.streamManagement}' previd='${previousId}' h='1'/>` },
      toSelf,
      request,
      acknowledge(2),
      toServer,
    ],
  },
];
