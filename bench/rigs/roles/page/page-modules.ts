/** The modules of this project that run in a page, as a browser takes them. */
import { existsSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { siblingModule } from "../../../../protocol/sibling-module.ts";

/** Below it on the origin of the server, which never hears of it, lies this project. */
const mount = "/wirebench-page/";
/** The folder that has the seven in it: the checkout, or what was built of it. */
const root = new URL("../../../../", import.meta.url);
const user = siblingModule("page-user", import.meta.url);

/** What is asked for with such a URL is served by `pageAnswer`. */
export const pagePattern = `*${mount}*`;

/** A page on the origin of a server, and the module that runs in it. */
export function pageUrls(server: string): { readonly page: string; readonly module: string } {
  const { protocol, host } = new URL(server);
  const isEncrypted = protocol === "wss:" || protocol === "https:";
  const origin = `${isEncrypted ? "https" : "http"}://${host}`;
  return { page: `${origin}${mount}`, module: `${origin}${mount}${user.href.slice(root.href.length)}` };
}

export interface PageAnswer {
  readonly type: string;
  readonly body: string;
}

/** The page itself, or one of the modules; undefined for what is neither. */
export function pageAnswer(url: string): PageAnswer | undefined {
  const { pathname } = new URL(url);
  if (pathname === mount) return { type: "text/html", body: "<!doctype html><title>wirebench</title>" };
  const file = new URL(pathname.slice(mount.length), root);
  if (!pathname.startsWith(mount) || !file.href.startsWith(root.href) || !/\.[jt]s$/.test(pathname)) return undefined;
  if (!existsSync(file)) return undefined;
  const source = readFileSync(file, "utf8");
  return { type: "text/javascript", body: pathname.endsWith(".ts") ? stripTypeScriptTypes(source) : source };
}
