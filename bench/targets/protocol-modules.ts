/**
 * One protocol alone, for a process that speaks only that: the libraries of all protocols take several times as long to
 * load as those of one. The registry's file names are its names.
 */
import type { ClientKind, ProtocolClient, ProtocolServer } from "../../protocol/contract.ts";
import { siblingModule } from "../../protocol/sibling-module.ts";

export const loadServer = (name: string): Promise<ProtocolServer> =>
  load<ProtocolServer>(`../../servers/${name}`, "listen");

const folders = { library: "clients", lean: "clients/lean" } as const satisfies Record<ClientKind, string>;

/** A client of a kind that the protocol has. */
export const loadClient = (name: string, kind: ClientKind): Promise<ProtocolClient> =>
  load<ProtocolClient>(`../../${folders[kind]}/${name}`, "connect");

/** What the module exports that has this method. */
async function load<Part extends object>(path: string, method: keyof Part & string): Promise<Part> {
  const exported: Record<string, unknown> = await import(siblingModule(path, import.meta.url).href);
  return Object.values(exported).find((part) => typeof part === "object" && part !== null && method in part) as Part;
}
