import type { PageConnection, PageOptions } from "../../../protocol/page.ts";
import { fromJson, type JsonMessage } from "./json-message.ts";
import { uplink } from "./uplink.ts";

/** Asks once for what has come since; resolves when what was answered is handed on. */
export type Poll = () => Promise<void>;

/** Both kinds of polling with `fetch`; `repeat` asks again and again, as long as `isOpen` says so. */
export async function connectPolling(
  { url, onMessage, onEnd }: PageOptions,
  repeat: (poll: Poll, isOpen: () => boolean) => void,
): Promise<PageConnection> {
  const opening = await fetch(new URL("connections", url), { method: "POST" });
  if (opening.status !== 201) throw new Error(`the server answered ${opening.status} to a new connection`);
  const { id } = (await opening.json()) as { id: string };
  const messages = new URL(`connections/${id}/messages`, url);
  let cursor = 0;
  let isOpen = true;
  const end = (why: string): void => {
    isOpen = false;
    onEnd(why);
  };
  async function poll(): Promise<void> {
    const answer = await fetch(`${messages}?after=${cursor}`, { cache: "no-store" });
    if (answer.status === 204 || !isOpen) return;
    if (answer.status !== 200) throw new Error(`the server answered ${answer.status} to a poll`);
    const batch = (await answer.json()) as { cursor: number; messages: JsonMessage[] };
    cursor = batch.cursor;
    for (const message of batch.messages) onMessage(fromJson(message));
  }
  repeat(
    () => poll().catch((error: Error) => end(error.message)),
    () => isOpen,
  );
  return {
    send: uplink(messages, end),
    close() {
      end("closed");
      void fetch(new URL(`connections/${id}`, url), { method: "DELETE" }).catch(() => {});
    },
  };
}
