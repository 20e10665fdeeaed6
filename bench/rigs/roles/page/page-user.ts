/** What runs in the page. All it imports is served to it by `page-modules.ts`, so nothing here is Node's. */
import { fromJson, type JsonMessage, toJson } from "../../../../clients/page/http/json-message.ts";
import { exchange, loneUser } from "../../../../load/users/lone-user.ts";
import type { Options } from "../../../../protocol/contract.ts";
import type { PageClient } from "../../../../protocol/page.ts";
import { siblingModule } from "../../../../protocol/sibling-module.ts";

/** Data, as JSON has it. */
export interface PageOrder {
  readonly url: string;
  readonly options: Options;
  readonly inTurn: readonly JsonMessage[];
  readonly atOnce: readonly JsonMessage[];
  readonly waitMs: number;
}

export interface PageReport {
  readonly echoes: readonly JsonMessage[];
  /** In milliseconds, as `performance.now` tells it. */
  readonly roundTripsMs: readonly number[];
  readonly clockStepMs: number;
}

const now = (): number => performance.now();
const stepsSeen = 50;

/** A browser keeps its clock coarse, so that pages cannot time each other's secrets: the least it was seen to advance by. */
function clockStepMs(): number {
  let least = Number.POSITIVE_INFINITY;
  for (let seen = 0, before = now(); seen < stepsSeen; ) {
    const next = now();
    if (next === before) continue;
    least = Math.min(least, next - before);
    before = next;
    seen++;
  }
  return least;
}

let client: PageClient | undefined;

/** Loads the client, so that everything of the page has been served. */
export async function load(protocol: string): Promise<void> {
  const module = siblingModule(`../../../../clients/page/${protocol}`, import.meta.url);
  const exported: Record<string, PageClient> = await import(module.href);
  [client] = Object.values(exported);
}

export async function askForEchoes({ url, options, ...script }: PageOrder): Promise<PageReport> {
  const user = await loneUser(now, (listening) => client!.connect({ url, options, ...listening }));
  const { echoes, roundTrips } = await exchange(user, now, {
    inTurn: script.inTurn.map(fromJson),
    atOnce: script.atOnce.map(fromJson),
    waitMs: script.waitMs,
  });
  await user.close();
  return { echoes: echoes.map(toJson), roundTripsMs: roundTrips, clockStepMs: clockStepMs() };
}
