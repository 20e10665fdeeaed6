/** What of the ledger is owed and has not arrived: counted, and one by one. */
import type { Ledger, Missing, MissingDelivery, Owed, UserSpan } from "./channel-users-api.ts";
import type { MessageTable } from "./messages.ts";
import type { Recipient } from "./recipient.ts";

type MissingCounts = Pick<
  Ledger,
  "missingDeliveries" | "declaredLossDeliveries" | "silentLossDeliveries" | "missingWhileConnectedDeliveries"
>;

/** How long a recipient must have stayed connected after the sending for its loss not to be that of a reconnect. */
const connectedNs = 1e9;

export function countMissing(recipients: readonly Recipient[], messages: MessageTable): MissingCounts {
  let [missing, declared, whileConnected] = [0, 0, 0];
  for (const recipient of recipients) {
    forEachMissing(recipient, recipients, messages, (row) => {
      missing++;
      if (row < recipient.gapBefore || messages.answer(row) === "rejected") declared++;
      if (stayed(recipient, messages, row)) whileConnected++;
    });
  }
  return {
    missingDeliveries: missing,
    declaredLossDeliveries: declared,
    silentLossDeliveries: missing - declared,
    missingWhileConnectedDeliveries: whileConnected,
  };
}

/** `nodes`: their names by the numbers of the ledger. */
export function listMissing(
  recipients: readonly Recipient[],
  messages: MessageTable,
  nodes: readonly string[],
  max: number,
): Missing {
  const deliveries: MissingDelivery[] = [];
  let unlisted = 0;
  for (const [user, recipient] of recipients.entries()) {
    const { presence } = recipient;
    forEachMissing(recipient, recipients, messages, (row) => {
      if (deliveries.length === max) {
        unlisted++;
        return;
      }
      const answer = messages.answer(row);
      const recipientNode = nodes[presence.nodeAt(row)];
      const endedNs = recipientNode === undefined ? undefined : presence.endNsAt(row);
      deliveries.push({
        publisher: messages.publisher(row),
        sequence: messages.sequence(row),
        user,
        sentNs: messages.sentNs(row),
        answer: answer === "pending" ? "none" : answer,
        publisherNode: nodes[messages.publisherNode(row)]!,
        ...(recipientNode !== undefined && { recipientNode }),
        ...(endedNs !== undefined && { recipientEndedNs: endedNs }),
        recipientStayed: stayed(recipient, messages, row),
      });
    });
  }
  return { deliveries, unlisted };
}

/** Of the messages sent within each span, its end excluded, what the user was owed and what of it has not arrived. */
export function countOwed(recipients: readonly Recipient[], messages: MessageTable, spans: readonly UserSpan[]): Owed {
  let [owed, missing] = [0, 0];
  for (const { user, fromNs, toNs } of spans) {
    const recipient = recipients[user]!;
    for (let row = Math.max(0, recipient.owedFrom); row < messages.length; row++) {
      const sentNs = messages.sentNs(row);
      if (sentNs < fromNs || sentNs >= toNs || recipients[messages.publisher(row)]!.room !== recipient.room) continue;
      owed++;
      if (!recipient.has(row)) missing++;
    }
  }
  return { owed, missing };
}

/** What is said in other rooms nobody is owed. */
function forEachMissing(
  recipient: Recipient,
  recipients: readonly Recipient[],
  messages: MessageTable,
  callback: (row: number) => void,
): void {
  recipient.forEachMissing(messages.length, (row) => {
    if (recipients[messages.publisher(row)]!.room === recipient.room) callback(row);
  });
}

const stayed = ({ presence }: Recipient, messages: MessageTable, row: number): boolean =>
  presence.stayedUntil(row, messages.sentNs(row) + connectedNs);
