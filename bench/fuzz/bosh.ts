import { seededRandom } from "../../protocol/random.ts";
import { type Body, BoshWire, readResponse } from "./bosh-wire.ts";
import { type Context, conversations, type Piece } from "./conversation.ts";
import { type HttpRequest, responsesIn } from "./http.ts";
import { type Outcome, Violation } from "./judgement.ts";
import { Mutator } from "./mutations.ts";
import { FuzzFailure, type FuzzPlan } from "./plan.ts";
import { RawConnection } from "./tcp.ts";
import { accounts, resourceOf, speaker } from "./witness.ts";

/** Numbers after the last of a conversation that a mutation may have used up. */
const questions = 3;

/**
 * One mutation over BOSH: a session as it is meant up to the piece that is mutated, the rest in requests on one connection or
 * several at once; then, on a connection of its own, questions and the end of the session. By then every whole request must be
 * answered, and the questions, unless the session was ended before.
 */
export async function mutateOverHttp({ server, seed }: FuzzPlan, mutation: number): Promise<Outcome> {
  const mutator = new Mutator(seededRandom(seed, mutation));
  const conversation = mutator.oneOf(conversations);
  const who = speaker(server, mutator.oneOf(accounts), resourceOf(mutation));
  const wire = new BoshWire(server.url, 1000 + mutator.below(1_000_000));
  using first = await Line.to(server.url);
  const lines = [first];
  const context = (): Context => ({ ...who, previousId: "", heard: first.heard.toString() });
  const sentinel = `sentinel-${seed}-${mutation}-`;
  try {
    const { pieces } = conversation;
    const mutated = mutator.below(pieces.length);
    await sayAsMeant(first, wire, pieces.slice(0, mutated + 1), context);
    let rest = pieces.slice(mutated).map((piece) => piece.xml(context()));
    const kind = mutator.below(6);
    if (kind === 0) {
      rest = mutator.pieces(
        rest,
        mutator.oneOf(conversations).pieces.map((piece) => piece.xml(context())),
      );
    }
    if (kind <= 2) for (let times = 1 + mutator.below(3); times > 0; times--) rest[0] = mutator.xml(rest[0] ?? "");
    const again: Body[] = [];
    const requests = (xml: readonly string[]): HttpRequest[] => {
      const bodies = xml.map((piece) => wire.body(piece));
      if (bodies.length === 0 || kind === 1 || kind === 2) return bodies.map((body) => wire.request(body));
      const said = wire.mutated(mutator, bodies);
      if (said.again !== undefined) again.push(said.again);
      return said.requests;
    };
    if (mutated === 0) {
      await first.sayInChunks(requests(rest.splice(0, 1)), mutator);
      if (!first.isBroken) wire.sid = await first.sid();
      if (wire.sid === "") {
        again.length = 0;
        wire.begin();
        lines.push(await Line.to(server.url));
        await sayAsMeant(lines[1]!, wire, pieces.slice(0, 2), context);
      }
    }
    const all = requests(rest);
    const width = mutator.oneOf([1, 1, 1, 1, 2, 3]);
    while (lines.length < width || lines.every(({ isBroken }) => isBroken)) lines.push(await Line.to(server.url));
    await sayAtOnce(
      lines.filter(({ isBroken }) => !isBroken),
      all,
      mutator,
    );
    if (mutator.below(8) === 0) mutator.oneOf(lines).cut();

    const last = await Line.to(server.url);
    lines.push(last);
    const asked = Array.from({ length: questions }, (_, number) =>
      wire.body(`<iq type='get' id='${sentinel}${number}'><ping xmlns='urn:xmpp:ping'/></iq>`),
    );
    last.say([...again, ...asked, wire.body("</stream:stream>")].map((body) => wire.request(body)));
    await Promise.all(lines.map((line) => line.end()));
    return judge(lines, sentinel);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    const all = (part: "sent" | "heard"): Buffer =>
      Buffer.from(lines.map((line, index) => `--- connection ${index}\n${line[part]}\n`).join(""));
    throw new FuzzFailure(error.message, {
      mutation,
      conversation: conversation.name,
      sent: all("sent"),
      heard: all("heard"),
    });
  } finally {
    for (const line of lines) line[Symbol.dispose]();
  }
}

/** Says all pieces but the last on one connection, each in its time, and waits until the last may be said. */
async function sayAsMeant(line: Line, wire: BoshWire, pieces: readonly Piece[], context: () => Context): Promise<void> {
  const last = pieces.length - 1;
  for (const [index, { needs, xml }] of pieces.entries()) {
    if (needs !== undefined) await line.answered(needs);
    // Of those that are right, one may be held.
    else if (index === last) await line.answered(undefined, 1);
    if (index === last) return;
    line.say([wire.request(wire.body(xml(context())))]);
    if (index === 0) wire.sid = await line.sid();
  }
}

/** Says requests on several connections, where one overtakes the other. */
async function sayAtOnce(lines: readonly Line[], requests: readonly HttpRequest[], mutator: Mutator): Promise<void> {
  const shares = lines.map((line) => ({ line, share: [] as HttpRequest[] }));
  for (const request of requests) mutator.oneOf(shares).share.push(request);
  await Promise.all(shares.map(({ line, share }) => line.sayInChunks(share, mutator)));
}

/** What came of it. Throws a Violation. */
function judge(lines: readonly Line[], sentinel: string): Outcome {
  const responses = lines.filter(({ isCut }) => !isCut).flatMap((line) => line.responses());
  const readings = responses.map((response) => readResponse(response));
  const answer = readings
    .flatMap(({ elements }) => elements)
    .find(({ name, attrs }) => name === "iq" && attrs.id?.startsWith(sentinel));
  if (answer !== undefined) return answer.attrs.type === "result" ? "answered" : "refused";
  const endings = readings.map(({ ending }) => ending).filter((ending) => ending !== undefined);
  const known = endings.find((ending) => ending !== "item-not-found") ?? endings[0];
  if (known === undefined) throw new Violation("the session goes on, and does not answer");
  return known;
}

/** A connection with requests on it. */
class Line implements Disposable {
  readonly #connection: RawConnection;
  readonly #sent: Buffer[] = [];
  #whole = 0;
  /** What was said is not a sequence of whole requests. */
  isBroken = false;
  /** It was lost, so that nothing need be heard on it. */
  isCut = false;

  private constructor(connection: RawConnection) {
    this.#connection = connection;
  }

  static async to(url: string): Promise<Line> {
    return new Line(await RawConnection.to(url));
  }

  get sent(): Buffer {
    return Buffer.concat(this.#sent);
  }

  get heard(): Buffer {
    return this.#connection.heard;
  }

  say(requests: readonly HttpRequest[]): void {
    this.#connection.write(this.#said(requests));
  }

  async sayInChunks(requests: readonly HttpRequest[], mutator: Mutator): Promise<void> {
    await this.#connection.writeAll(mutator.chunks(this.#said(requests)));
  }

  #said(requests: readonly HttpRequest[]): Buffer {
    const bytes = Buffer.concat(requests.map((request) => request.bytes));
    for (const { isWhole } of requests) {
      if (isWhole) this.#whole++;
      else this.isBroken = true;
    }
    this.#sent.push(bytes);
    return bytes;
  }

  /** Resolves when all whole requests are answered but for so many, or what is looked for is heard. */
  async answered(pattern?: RegExp, but = 0): Promise<void> {
    const isThere = (): boolean =>
      responsesIn(this.heard).responses.length >= this.#whole - but || pattern?.test(this.heard.toString()) === true;
    if (!(await this.#connection.when(isThere))) throw new Violation("a request is not answered");
  }

  /** The session that the server has created; empty if it has not. */
  async sid(): Promise<string> {
    await this.answered();
    return / sid="([^"]*)"/.exec(this.heard.toString())?.[1] ?? "";
  }

  cut(): void {
    this.isCut = true;
    this.#connection.cut();
  }

  /** Waits for what must be answered, ends this side, and waits until the server ends the other. */
  async end(): Promise<void> {
    if (this.isCut) return;
    if (!this.isBroken) await this.answered();
    if ((await this.#connection.end()) === undefined) throw new Violation("the server did not close the connection");
  }

  /** What was heard; throws a Violation if it is not what must be. */
  responses(): ReturnType<typeof responsesIn>["responses"] {
    const { responses, fault } = responsesIn(this.heard);
    if (fault !== undefined) throw new Violation(`the server said what it may not: ${fault}`);
    if (!this.isBroken && responses.length !== this.#whole)
      throw new Violation(`${this.#whole} requests, and ${responses.length} responses`);
    return responses;
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}
