/** Messages that travel in HTTP requests (RFC 9110), each complete in itself. */

import { answerTo, requestHead, statusOf } from "../http.ts";
import { accepted, type ProbedTarget, refusedByProtocol, refusedByServer, type Verdict } from "../probe.ts";
import { firstLine } from "../raw-peer.ts";
import { sessionRequest } from "../streams/bosh.ts";
import { otherOrigin, quoted, slowHandshake, type WireProbes, wrongAuthorization } from "./wire.ts";

interface Opening {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** The request that opens a connection, whatever it is called there. */
function openingOf({ url, hasLogin, downlink }: ProbedTarget): Opening {
  const { pathname, search } = new URL(url);
  if (hasLogin) return { method: "POST", path: pathname + search, body: sessionRequest(url) };
  if (downlink === "response") return { method: "POST", path: pathname + search, body: "[]" };
  const under = (name: string): string => new URL(name, url).pathname;
  return downlink === "stream"
    ? { method: "GET", path: under("events"), body: "" }
    : { method: "POST", path: under("connections"), body: "" };
}

function openingRequest(target: ProbedTarget, lines = ""): string {
  const { method, path, body } = openingOf(target);
  const length = `${body === "[]" ? "Content-Type: application/json\r\n" : ""}Content-Length: ${Buffer.byteLength(body)}\r\n`;
  return requestHead(target.url, method, path, (method === "POST" ? length : "") + lines) + body;
}

async function wrongPassword(target: ProbedTarget): Promise<Verdict> {
  const head = await answerTo(target, openingRequest(target, wrongAuthorization));
  return statusOf(head) < 300
    ? accepted(`a request with a wrong Authorization header: ${firstLine(head)}`)
    : refusedByServer(firstLine(head));
}

/** RFC 9112 section 6.3: the length of such a request cannot be known, and a proxy may see another one than the server. */
async function hostileFraming(target: ProbedTarget): Promise<Verdict> {
  const { path } = openingOf(target);
  const request = requestHead(target.url, "POST", path, "Content-Length: 2\r\nContent-Length: 3\r\n");
  const head = await answerTo(target, `${request}abc`);
  return statusOf(head) === 400
    ? refusedByProtocol(`two lengths of one body: ${firstLine(head)}`)
    : statusOf(head) < 300
      ? accepted(`two lengths of one body: ${firstLine(head)}`)
      : refusedByServer(`two lengths of one body: ${firstLine(head)}`);
}

/** The Fetch Standard (section 3.2): without permission of the server, a browser keeps the answer from the page. */
async function crossOrigin(target: ProbedTarget): Promise<Verdict> {
  const head = await answerTo(target, openingRequest(target, `Origin: ${otherOrigin}\r\n`));
  const allowed = /^access-control-allow-origin: *(\S+)/im.exec(head)?.[1];
  if (allowed === "*" || allowed === otherOrigin) {
    return accepted(`${firstLine(head)}, Access-Control-Allow-Origin: ${allowed}`);
  }
  return refusedByProtocol(`${firstLine(head)} without Access-Control-Allow-Origin: browsers keep it from the page`);
}

export const requests: WireProbes = {
  "wrong-password": wrongPassword,
  "hostile-framing": hostileFraming,
  "slow-handshake": (target) =>
    slowHandshake(target, openingRequest(target).slice(0, 20), (heard) => quoted(firstLine(heard))),
  "cross-origin": crossOrigin,
};
