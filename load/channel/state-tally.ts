import type { StateFound } from "./channel-users-api.ts";

/** Counts what became of questions about the state of sessions. */
export class StateTally {
  #asked = 0;
  #found = 0;
  #notFound = 0;
  #failed = 0;
  #sameNode = 0;
  readonly #perNode: Record<string, number> = {};

  /** Undefined: no answer. A session that only begins has nothing to find. */
  add(answer: { node: string; sameNode: boolean; found?: boolean } | undefined): void {
    this.#asked++;
    if (answer === undefined) {
      this.#failed++;
      return;
    }
    if (answer.found) this.#found++;
    else this.#notFound++;
    if (answer.sameNode) this.#sameNode++;
    this.#perNode[answer.node] = (this.#perNode[answer.node] ?? 0) + 1;
  }

  read(): StateFound {
    return {
      asked: this.#asked,
      found: this.#found,
      notFound: this.#notFound,
      failed: this.#failed,
      sameNode: this.#sameNode,
      perNode: this.#perNode,
    };
  }
}

/** Calls `work` for every item, so many at a time, in order. */
export async function eachOf<Item>(
  items: readonly Item[],
  concurrent: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const workers = Array.from({ length: Math.max(1, concurrent) }, async () => {
    for (const item of queue) await work(item);
  });
  await Promise.all(workers);
}
