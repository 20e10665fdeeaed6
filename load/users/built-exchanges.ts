/**
 * Exchanges between users on protocols that have none of their own: what the client half of an application does, against
 * the behaviour of the same name on our own server.
 */
import { randomUUID } from "node:crypto";
import type {
  ClientConnection,
  CloseReason,
  ConnectOptions,
  Payload,
  ProtocolClient,
} from "../../protocol/contract.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import type { ExchangeName } from "../../protocol/exchanges.ts";
import { join, joined } from "../behaviours/broadcast.ts";
import { presenceWords } from "../behaviours/presence.ts";
import { paired } from "../behaviours/relay.ts";

type Built = (client: ProtocolClient, options: ConnectOptions) => Promise<ClientConnection>;

/** What an application can build on any connection to our own server. */
const built: Readonly<Partial<Record<ExchangeName, Built>>> = {
  relay,
  room,
  "fan-out": room,
  presence: (client, options) => presence(client, options, () => presenceWords.status),
  "come-and-go": (client, options) => {
    let sent = 0;
    return presence(client, options, () => (sent++ % 2 === 0 ? presenceWords.status : presenceWords.away));
  },
};

/** Whether users of a protocol have the exchange, by themselves or on our own server. */
export const hasExchange = (client: ProtocolClient, name: ExchangeName, onOurServer: boolean): boolean =>
  client.exchanges?.[name] !== undefined || (onOurServer && built[name] !== undefined);

/** A client whose connections are such an exchange. Throws a TypeError where there is none. */
export function exchangeClient(client: ProtocolClient, name: ExchangeName): ProtocolClient {
  const own = client.exchanges?.[name];
  if (own !== undefined) return { connect: own };
  const application = built[name];
  if (application === undefined) throw new TypeError(`nobody has built ${name} on this protocol`);
  return { connect: (options) => application(client, options) };
}

/** The first user with a partner that answers at once; they leave together. */
async function relay(client: ProtocolClient, options: ConnectOptions): Promise<ClientConnection> {
  const { url, limits, user, signal } = options;
  const shared = { url, limits, signal, ...(options.options && { options: options.options }) };
  let partner: ClientConnection | undefined;
  let first: ClientConnection | undefined;
  const partnerIsPaired = Promise.withResolvers<void>();
  const isPaired = Promise.withResolvers<void>();
  try {
    partner = await client.connect({
      ...shared,
      user: 2 * user + 1,
      onMessage(payload) {
        if (payload === paired) return partnerIsPaired.resolve();
        try {
          partner!.send(payload);
        } catch {}
      },
    });
    const ours = await client.connect({
      ...shared,
      user: 2 * user,
      onMessage: (payload) => (payload === paired ? isPaired.resolve() : options.onMessage(payload)),
    });
    first = ours;
    const conversation = randomUUID();
    partner.send(conversation);
    ours.send(conversation);
    await unlessEnded(Promise.all([partnerIsPaired.promise, isPaired.promise]), signal, partner, ours);
    return together(ours, partner);
  } catch (error) {
    await Promise.all([first?.close(), partner?.close()]);
    throw error;
  }
}

/** A member of the one room there is. */
async function room(client: ProtocolClient, options: ConnectOptions): Promise<ClientConnection> {
  const isMember = Promise.withResolvers<void>();
  const { onText: _, ...rest } = options;
  const member = await client.connect({
    ...rest,
    onMessage: (payload) => (payload === joined ? isMember.resolve() : options.onMessage(payload)),
  });
  member.send(join);
  await unlessEnded(isMember.promise, options.signal, member);
  return member;
}

const watchedName = "user0";

/** The first user is the one who is watched, the others watch. */
async function presence(
  client: ProtocolClient,
  options: ConnectOptions,
  word: () => string,
): Promise<ClientConnection> {
  const { onText: _, ...rest } = options;
  const isWatching = Promise.withResolvers<void>();
  const { here, watch, status, away, watching } = presenceWords;
  const user = await client.connect({
    ...rest,
    onMessage(payload) {
      if (typeof payload !== "string") return;
      if (payload === watching) isWatching.resolve();
      else if (payload.startsWith(status)) options.onMessage(payload.slice(status.length));
      else if (payload.startsWith(away)) options.onMessage(payload.slice(away.length));
      else options.onMessage(payload);
    },
  });
  if (options.user === 0) user.send(here + watchedName);
  else {
    user.send(watch + watchedName);
    await unlessEnded(isWatching.promise, options.signal, user);
  }
  return { ...outline(user), send: (payload) => user.send(word() + payload) };
}

/** What a connection that wraps another leaves as it is; texts as bytes are not among it. */
const outline = (connection: ClientConnection): Omit<ClientConnection, "send"> => ({
  get carried() {
    return connection.carried!;
  },
  get bufferedBytes() {
    return connection.bufferedBytes;
  },
  closed: connection.closed,
  close: () => connection.close(),
});

/** The first connection, which ends when either does. */
function together(first: ClientConnection, partner: ClientConnection): ClientConnection {
  const close = async (): Promise<void> => {
    await Promise.all([first.close(), partner.close()]);
  };
  const closed = Promise.race([first.closed, partner.closed]);
  let isClosing = false;
  return {
    ...outline(first),
    send: (payload: Payload) => first.send(payload),
    ...(first.sendText && { sendText: (utf8: Uint8Array) => first.sendText!(utf8) }),
    ...(first.together && { together: (sends: () => void) => first.together!(sends) }),
    // The server ends one when the other leaves.
    closed: closed.then((reason): CloseReason => (isClosing ? { ...reason, by: "client" } : reason)),
    async close() {
      isClosing = true;
      await close();
    },
  };
}

/** Rejects where the handshake is given up, or a connection ends before. */
async function unlessEnded<T>(work: Promise<T>, signal: AbortSignal, ...connections: ClientConnection[]): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([
      work,
      aborted,
      ...connections.map(async ({ closed }) => {
        const { by, message } = await closed;
        throw new WirebenchError("connect-failed", `the ${by} ended the connection: ${message}`);
      }),
    ]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
