/** A process that plays roles, one after the other. */
import { siblingModule } from "../../../protocol/sibling-module.ts";
import type { Role } from "../roles/role.ts";
import { answerCalls } from "./remote.ts";

const api = {
  async play({ role, order }: { role: string; order: unknown }): Promise<unknown> {
    const exported: Record<string, unknown> = await import(siblingModule(`../roles/${role}`, import.meta.url).href);
    return await Object.values(exported)
      .filter((part): part is Role<unknown, unknown> => typeof part === "object" && part !== null && "run" in part)
      .find(({ name }) => name === role)!
      .run(order);
  },
};

export type ActorApi = typeof api;

answerCalls(api);
