import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { refuse } from "./answer.ts";

export interface RoutedRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What stands where the pattern captures, e.g. the connection's id. */
  readonly id: string;
  /** The part of the target after `?`. */
  readonly query: string;
}

/** One path, and what each method does there. */
export interface Route {
  readonly path: RegExp;
  readonly methods: Readonly<Record<string, (routed: RoutedRequest) => void>>;
}

/** Answers 404 for a path nobody serves and 405 with `Allow` for a method the path has not (RFC 9110 section 15.5.6). */
export function serveRoutes(routes: readonly Route[]): RequestListener {
  return (request, response) => {
    const [path = "", query = ""] = (request.url ?? "").split("?", 2);
    for (const route of routes) {
      const match = route.path.exec(path);
      if (match === null) continue;
      const serve = Object.hasOwn(route.methods, request.method ?? "")
        ? route.methods[request.method ?? ""]
        : undefined;
      if (serve === undefined)
        refuse(response, 405, "no such method here", { allow: Object.keys(route.methods).join(", ") });
      else serve({ request, response, id: match[1] ?? "", query });
      return;
    }
    refuse(response, 404, "no such path");
  };
}
