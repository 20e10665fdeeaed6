import type { Ledger, Missing } from "../../../load/channel/channel-users-api.ts";
import type { BlameCounts } from "../blame/judgement.ts";

/** What the users saw, with the cause of whatever is missing. */
export interface JudgedLedger extends Ledger, BlameCounts {
  /** Of the messages whose publisher was told that the broker has them, those that a user who stayed connected lacks. */
  readonly acceptedThenLostMessages: number;
}

export function acceptedThenLost({ deliveries }: Missing): number {
  const lost = deliveries.filter(({ answer, recipientStayed }) => answer === "accepted" && recipientStayed);
  return new Set(lost.map(({ publisher, sequence }) => `${publisher} ${sequence}`)).size;
}
