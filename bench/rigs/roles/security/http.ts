/** HTTP/1.1 (RFC 9112), as a probe writes and reads it. */
import type { ProbedTarget } from "./probe.ts";
import { RawPeer } from "./raw-peer.ts";

/** Head of a request to the path of the target, with further header lines that end in CRLF. */
export function requestHead(url: string, method: string, path: string, lines = ""): string {
  return `${method} ${path} HTTP/1.1\r\nHost: ${new URL(url).host}\r\n${lines}\r\n`;
}

/** Resolves with the head of the answer, as `HTTP/1.1 200 OK` and its lines. */
export async function answerTo({ url }: Pick<ProbedTarget, "url">, request: string): Promise<string> {
  using peer = await RawPeer.connect(url);
  const [head] = await peer.write(request).until(/^HTTP\/1\.[01] \d{3}[\s\S]*?\r\n\r\n/);
  return head;
}

export const statusOf = (head: string): number => Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0);
