import { WirebenchError } from "../../protocol/errors.ts";
import { protocolNamed } from "./protocols.ts";

/** What is measured: a protocol with the server this project brings, or with one already running at `url`. */
export interface Target {
  /** As given on the command line. */
  readonly label: string;
  readonly protocol: string;
  readonly url?: string;
}

/** Reads `protocol`, `protocol+option@server` or `protocol=URL`; throws `usage` with what was expected. */
export function parseTarget(text: string): Target {
  const { name, url } = /^(?<name>[^=]*)(?:=(?<url>.*))?$/s.exec(text)!.groups!;
  const { protocol, options, server } = /^(?<protocol>[^+@]*)(?<options>[^@]*)(?:@(?<server>.*))?$/s.exec(name!)!
    .groups!;
  const { traits } = protocolNamed(protocol!).server;
  if (options) throw new WirebenchError("usage", `${protocol} has no option "${options.slice(1)}", and no others`);
  if (server !== undefined) {
    throw new WirebenchError(
      "usage",
      `${protocol} has no server "${server}": leave @${server} out for the embedded one`,
    );
  }
  if (url === undefined) return { label: text, protocol: traits.name };
  if (!URL.canParse(url) || !traits.schemes.includes(new URL(url).protocol) || new URL(url).hostname === "") {
    const expected = traits.schemes.map((scheme) => `${scheme}//HOST:PORT/`).join(" or ");
    throw new WirebenchError("usage", `expected ${protocol}=URL with a URL like ${expected}, got "${url}"`);
  }
  return { label: withoutPassword(text, url), protocol: traits.name, url };
}

/** Labels go into reports; a password must not. */
function withoutPassword(text: string, url: string): string {
  const { password } = new URL(url);
  return password === "" ? text : text.replace(`:${password}@`, ":***@");
}
