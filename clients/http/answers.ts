import { STATUS_CODES } from "node:http";
import type { CloseReason } from "../../protocol/contract.ts";
import type { Answer } from "./exchange.ts";

/** What a status that the protocol does not expect says about the connection, with the server's own words. */
export function unexpectedAnswer(answer: Answer): CloseReason {
  return { by: "server", message: describeAnswer(answer) };
}

export function describeAnswer({ status, text }: Answer): string {
  const detail = text.split("\n", 1)[0]!.slice(0, 200);
  return `status ${status} ${STATUS_CODES[status] ?? ""}${detail === "" ? "" : ` (${detail})`}`;
}
