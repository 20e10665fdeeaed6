/** A process that plays roles, one after the other. */
import { trustCertificate } from "../../../clients/connection/trust.ts";
import { siblingModule } from "../../../protocol/sibling-module.ts";
import type { Role } from "../roles/role.ts";
import { answerCalls } from "./remote.ts";

const api = {
  /** `certificate` is what the system under test brings and users must trust. */
  async play({
    role,
    order,
    certificate,
  }: {
    role: string;
    order: unknown;
    certificate?: string | undefined;
  }): Promise<unknown> {
    trustCertificate(certificate);
    const exported: Record<string, unknown> = await import(siblingModule(`../roles/${role}`, import.meta.url).href);
    return await Object.values(exported)
      .filter((part): part is Role<unknown, unknown> => typeof part === "object" && part !== null && "run" in part)
      .find(({ name }) => name === role)!
      .run(order);
  },
};

export type ActorApi = typeof api;

answerCalls(api);
