import type { RunningServer } from "../../protocol/contract.ts";
import { seededRandom } from "../../protocol/random.ts";
import { mutateOverHttp } from "./bosh.ts";
import { type Context, conversations, leftBehind, type Piece } from "./conversation.ts";
import { judge, type Outcome, Violation } from "./judgement.ts";
import { Mutator } from "./mutations.ts";
import { FuzzFailure, type FuzzPlan } from "./plan.ts";
import { RawConnection } from "./tcp.ts";
import { type Wire, wireOf } from "./wire.ts";
import { accounts, connectHealthy, nothingLeft, resourceOf, type Speaker, speaker } from "./witness.ts";

/** How often each outcome came. */
export type FuzzCounts = Map<Outcome, number>;

/** Connections at once, so that they meet in the server's rooms, rosters and sessions. */
const width = 16;
/** Mutations between two looks at what is left in the server. */
const batch = 1024;

/**
 * Says mutated conversations to the server, one mutation after the other and some at a time. After each, the server has
 * either answered what came after it or ended the stream as RFC 6120 asks; a client that does nothing wrong has its echo; and
 * now and then nothing is left of those who are gone. Rejects with a FuzzFailure where it is not so. `told` hears of the
 * counts after each batch.
 */
export async function fuzz(
  plan: FuzzPlan,
  told: (done: number, counts: FuzzCounts) => void = () => {},
): Promise<FuzzCounts> {
  const counts: FuzzCounts = new Map();
  const isOverHttp = plan.server.url.startsWith("http");
  const healthy = await connectHealthy(plan.server, speaker(plan.server, "wirebench", "healthy"));
  try {
    const end = plan.first + plan.count;
    for (let start = plan.first; start < end && !plan.signal?.aborted; start += batch) {
      for (let mutation = start; mutation < Math.min(start + batch, end); mutation += width) {
        const numbers = Array.from({ length: Math.min(width, end - mutation) }, (_, index) => mutation + index);
        const outcomes = await Promise.all(
          numbers.map((number) => (isOverHttp ? mutateOverHttp : mutate)(plan, number)),
        );
        for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
        await healthy.echo();
      }
      await nothingLeft(plan.server, [start, Math.min(start + batch, end) - 1].map(resourceOf));
      told(Math.min(start + batch, end) - plan.first, counts);
    }
  } finally {
    healthy[Symbol.dispose]();
  }
  return counts;
}

/** One mutation: connects, says it, asks for an answer, ends, and judges. */
async function mutate({ server, seed }: FuzzPlan, mutation: number): Promise<Outcome> {
  const mutator = new Mutator(seededRandom(seed, mutation));
  const conversation = mutator.oneOf(conversations);
  const who = speaker(server, mutator.oneOf(accounts), resourceOf(mutation));
  const previousId = conversation.resumes ? await leaveBehind(server, who) : "";
  const wire = wireOf(server.url);
  using connection = await RawConnection.to(server.url);
  const context = (): Context => ({ ...who, previousId, heard: connection.heard.toString() });
  const sentinel = `sentinel-${seed}-${mutation}`;
  const question = `<iq type='get' id='${sentinel}'><ping xmlns='urn:xmpp:ping'/></iq>`;
  const sent = await say(connection, wire, conversation.pieces, question, context, mutator);
  const heard = await connection.end();
  const said = { mutation, conversation: conversation.name, sent };
  if (heard === undefined) {
    throw new FuzzFailure("the server did not close the connection", { ...said, heard: connection.heard });
  }
  try {
    return judge(wire, sent, heard, sentinel);
  } catch (error) {
    if (error instanceof Violation) throw new FuzzFailure(error.message, { ...said, heard });
    throw error;
  }
}

/**
 * Says a conversation up to the piece that is mutated as it is meant, then the rest and the question at once. Returns all
 * that was said.
 */
async function say(
  connection: RawConnection,
  wire: Wire,
  pieces: readonly Piece[],
  question: string,
  context: () => Context,
  mutator: Mutator,
): Promise<Buffer> {
  const mutated = mutator.below(pieces.length);
  const sent: Buffer[] = [];
  let pending: Buffer[] = [wire.opening];
  for (const [index, piece] of pieces.slice(0, mutated + 1).entries()) {
    if (piece.needs !== undefined) {
      for (const bytes of pending) connection.write(bytes);
      sent.push(...pending);
      pending = [];
      await connection.until(piece.needs);
    }
    if (index < mutated) pending.push(wire.encode(piece.xml(context())));
  }
  let rest = pieces.slice(mutated).map((piece) => piece.xml(context()));
  const kind = mutator.below(6);
  if (kind <= 1)
    rest = mutator.pieces(
      rest,
      mutator.oneOf(conversations).pieces.map((piece) => piece.xml(context())),
    );
  if (kind >= 1 && kind <= 4) {
    for (let times = 1 + mutator.below(3); times > 0; times--) rest[0] = mutator.xml(rest[0] ?? "");
  }
  let bytes = Buffer.concat(rest.map((xml) => wire.encode(xml)));
  if (kind >= 4) for (let times = 1 + mutator.below(2); times > 0; times--) bytes = Buffer.from(mutator.bytes(bytes));
  const last = Buffer.concat([...pending, bytes, wire.encode(question)]);
  await connection.writeAll(mutator.chunks(last));
  return Buffer.concat([...sent, last]);
}

/** A session that can be resumed, whose connection is gone; its identifier, or nothing if the server has no such thing. */
async function leaveBehind(server: RunningServer, who: Speaker): Promise<string> {
  using connection = await RawConnection.to(server.url);
  const context: Context = { ...who, previousId: "", heard: "" };
  const wire = wireOf(server.url);
  connection.write(Buffer.concat([wire.opening, ...leftBehind.map((piece) => wire.encode(piece.xml(context)))]));
  await connection.until(/<enabled[^>]*>|<stream:error>/);
  return /<enabled[^>]* id="([^"]*)"/.exec(connection.heard.toString())?.[1] ?? "";
}
