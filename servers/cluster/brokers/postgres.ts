import { Socket } from "node:net";
import type { Client } from "pg";
import { WirebenchError } from "../../../protocol/errors.ts";
import type { Broker } from "../broker/broker.ts";
import { BrokerLink } from "../broker/link.ts";
import type { OpenSession, SessionContext } from "../broker/session.ts";

/** A payload must be shorter than 8000 bytes: https://www.postgresql.org/docs/current/sql-notify.html. */
const payloadBytesMax = 7999;

/** Postgres LISTEN and NOTIFY (https://www.postgresql.org/docs/current/sql-notify.html): a transaction per message. */
export const postgresBroker: Broker = {
  traits: {
    name: "postgres",
    title: "Postgres",
    summary: `Postgres LISTEN and NOTIFY: messages of at most ${payloadBytesMax} bytes pass through and are not kept`,
    delivery: "at-most-once",
    history: false,
    // They are sent in the order in which their transactions were committed.
    order: "total",
    messageBytesMax: payloadBytesMax,
    durability: { fsync: "never", replicas: 1, acknowledgedBy: 1 },
    component: "postgres",
    libraries: ["pg"],
  },
  connect: (options) => BrokerLink.connect("Postgres", options, open),
};

const open: OpenSession = async (context) => {
  await using opened = new AsyncDisposableStack();
  const over = opened.adopt(new AbortController(), (controller) => controller.abort());
  const { topic } = context;
  const publisher = await client(context, "publisher", over.signal);
  // A connection of its own: what comes is sent between two answers only.
  const subscriber = await client(context, "subscriber", over.signal);
  subscriber.on("notification", ({ payload = "" }) => context.deliver({ text: unescaped(payload) }));
  await subscriber.query(`LISTEN ${subscriber.escapeIdentifier(topic)}`);
  /** Called at the next answer to what was published. */
  let heard = Promise.withResolvers<void>();
  let unanswered = 0;
  const everything = opened.move();
  return {
    position: undefined,
    // Nobody can tell what was published while nobody listened.
    gap: true,
    async publish(text) {
      const payload = escaped(text);
      const bytes = Buffer.byteLength(payload);
      if (bytes > payloadBytesMax) {
        const hint = "keep it in a table and notify of its key, or use another broker";
        throw new WirebenchError(
          "payload-too-large",
          `NOTIFY carries at most ${payloadBytesMax} bytes, this message is ${bytes}`,
          { hint },
        );
      }
      unanswered += 1;
      try {
        await publisher.query({ name: "notify", text: "SELECT pg_notify($1, $2)", values: [topic, payload] });
      } finally {
        unanswered -= 1;
        heard.resolve();
        heard = Promise.withResolvers();
      }
    },
    async check() {
      // A query waits for all before it, and they may be many; an answer to any of them tells as much.
      const published = unanswered > 0 ? heard.promise : publisher.query("SELECT");
      await Promise.all([published, subscriber.query("SELECT")]);
    },
    end: () => everything.disposeAsync(),
  };
};

/** A connection that works, of which the session hears when it ends; destroyed when opening is aborted or it is over. */
async function client({ url, node, signal, lost }: SessionContext, role: string, over: AbortSignal): Promise<Client> {
  // Optional to install, and only nodes that use it wait for it to load.
  const { default: pg } = await import("pg");
  const address = new URL(url);
  address.username ||= "postgres";
  if (address.pathname === "" || address.pathname === "/") address.pathname = "/postgres";
  const opened = new pg.Client({
    connectionString: address.href,
    application_name: `${node}-${role}`,
    // The library has no way of its own to end a connection that does not answer.
    stream: () => new Socket({ signal: AbortSignal.any([signal, over]) }),
  });
  opened.on("error", lost).on("end", lost);
  await opened.connect();
  return opened;
}

/** Text of Postgres has no NUL: it is `\0`, and a backslash two of them. */
const escaped = (text: string): string =>
  /[\\\0]/.test(text) ? text.replaceAll("\\", "\\\\").replaceAll("\0", "\\0") : text;

const unescaped = (payload: string): string =>
  payload.includes("\\") ? payload.replaceAll(/\\([\\0])/g, (_, kind) => (kind === "0" ? "\0" : "\\")) : payload;
