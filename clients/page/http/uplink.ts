import type { Payload } from "../../../protocol/contract.ts";
import { type JsonMessage, toJson } from "./json-message.ts";

/** One `POST` at a time, so that order is kept; messages that come meanwhile leave together in the next one. */
export function uplink(url: URL, onEnd: (why: string) => void): (payload: Payload) => void {
  let waiting: JsonMessage[] = [];
  let isPosting = false;
  async function post(): Promise<void> {
    isPosting = true;
    while (waiting.length > 0) {
      const body = JSON.stringify(waiting);
      waiting = [];
      const { status } = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
      if (status !== 204) throw new Error(`the server answered ${status} to a message`);
    }
    isPosting = false;
  }
  return (payload) => {
    waiting.push(toJson(payload));
    if (!isPosting) post().catch((error: Error) => onEnd(error.message));
  };
}
