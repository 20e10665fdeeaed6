/** Two servers that talk to each other, somebody who answers on each, and the users of the first who write to them. */
import type { LinkConditions } from "../../results/contract/link.ts";
import { makeCertificate } from "../../servers/connection/certificate.ts";
import { freeAddresses } from "../../servers/programs/free-addresses.ts";
import { freePorts } from "../../servers/programs/free-ports.ts";
import { startProgram } from "../../servers/programs/program.ts";
import { programNamed } from "../../servers/programs/programs.ts";
import type { RunningProgram } from "../../servers/programs/running-program.ts";
import { accountName, serverPort, users } from "../../servers/programs/xmpp-setup.ts";
import { Rig, type RigContext, type RigRecord } from "./rig.ts";
import { answering } from "./roles/answering.ts";
import { firstMessage } from "./roles/first-message.ts";
import { type ServerCell, ServerRig } from "./server-rig.ts";
import { ServerWatch } from "./server-watch.ts";

export interface FederationCell extends ServerCell {
  /** Names of the programs: of the users' own server, and of the other. */
  readonly servers: readonly [string, string];
  /** Whether everything that is said is encrypted, or nothing. */
  readonly tls: boolean;
  /** Each way between the two servers, whoever of them connects. Absent: they are beside each other. */
  readonly between?: LinkConditions | undefined;
  /** To break it on purpose: see `AnsweringOrder`. */
  readonly ignoresEvery?: number;
}

const firstMessageMsMax = 60_000;
const loginMsMax = 30_000;

export class FederationRig extends Rig {
  /** Users who write to somebody on their own server. */
  near!: ServerRig;
  /** Users of the same server who write to somebody on the other. */
  far!: ServerRig;
  readonly #cell: FederationCell;
  readonly #context: RigContext;
  #url = "";
  #answerers: readonly string[] = [];
  #certificate: string | undefined;

  /** Both servers fresh, so that nothing has passed between them. */
  static async open(cell: FederationCell, context: RigContext): Promise<FederationRig> {
    const rig = new FederationRig(cell, context);
    try {
      await rig.unlessFailed(rig.#start());
      return rig;
    } catch (error) {
      await rig[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(cell: FederationCell, context: RigContext) {
    super(context);
    this.#cell = cell;
    this.#context = context;
  }

  protected override get certificate(): string | undefined {
    return this.#certificate;
  }

  async #start(): Promise<void> {
    const { servers, tls, between, ignoresEvery } = this.#cell;
    const { signal } = this.#context;
    const addresses = await freeAddresses(servers.length, serverPort);
    const certificate = tls ? await makeCertificate(addresses) : undefined;
    this.#certificate = certificate?.cert;
    const behind = between === undefined ? [] : await this.#setApart(addresses, between);
    const starts = servers.map(async (name, index) => {
      const program = await startProgram(programNamed(name), {
        signal,
        federation: { address: addresses[index]!, certificate, behind: behind[index] },
      });
      program.onDeath = this.died;
      this.cleanUp.defer(() => program.stop());
      return program;
    });
    // Where one fails, the other must have started, or nobody would end it.
    await Promise.allSettled(starts);
    const [own, other] = (await Promise.all(starts)) as [RunningProgram, RunningProgram];
    this.#url = accountUrl(own, users);
    const urls = [own, other].map((program) => accountUrl(program, accountName));
    const { jids } = await this.play(answering, { urls, ...(ignoresEvery && { ignoresEvery }) }, loginMsMax);
    this.#answerers = jids;
    [this.near, this.far] = await Promise.all([
      this.#usersWritingTo(jids[0]!, [own]),
      this.#usersWritingTo(jids[1]!, [own, other]),
    ]);
  }

  /** Puts the way to each server where the other looks for it; resolves with the ports behind, where they are to listen. */
  async #setApart(addresses: readonly string[], between: LinkConditions): Promise<readonly number[]> {
    const ports = await freePorts(addresses.length);
    for (const [index, host] of addresses.entries()) {
      await this.linkTo(`xmpp://${host}:${ports[index]}`, between, { host, port: serverPort });
    }
    return ports;
  }

  async #usersWritingTo(jid: string, servers: readonly RunningProgram[]): Promise<ServerRig> {
    const url = `${this.#url}${encodeURIComponent(jid)}`;
    const watch = ServerWatch.ofAll(servers.map(({ pid }) => pid));
    const rig = await ServerRig.open(this.#cell, this.#context, async () => ({
      url,
      certificate: this.#certificate,
      server: undefined,
      watch,
    }));
    this.own(rig);
    return rig;
  }

  /** Of the first message to each of the two, in milliseconds, the one to the other server included in how that is found and trusted. */
  async firstRoundTrips(): Promise<{ readonly nearMs: number; readonly farMs: number }> {
    const { payloadBytes } = this.#cell.parameters;
    const took: number[] = [];
    for (const to of this.#answerers) {
      const order = { url: this.#url.replace("%d", "0"), to, payloadBytes };
      took.push((await this.play(firstMessage, order, firstMessageMsMax)).tookMs);
    }
    return { nearMs: took[0]!, farMs: took[1]! };
  }

  override async record(): Promise<RigRecord> {
    const record = await super.record();
    const [near, far] = await Promise.all([this.near.record(), this.far.record()]);
    return {
      ...record,
      flags: [...record.flags, ...near.flags, ...far.flags],
      ...(far.observed && { observed: far.observed }),
    };
  }
}

/** With the domain in it, since the address that a URL ends with is on another. */
function accountUrl({ addresses, url }: RunningProgram, name: string): string {
  const { host, hostname, password, protocol } = new URL(addresses?.xmpp ?? url);
  return `${protocol}//${name}%40${hostname}:${password}@${host}/`;
}
