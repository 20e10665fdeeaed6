import type { Ledger, Missing } from "../../../load/channel/channel-users-api.ts";
import type { BlameCounts } from "../blame/judgement.ts";

/** What the users saw, with the cause of whatever is missing. */
export interface JudgedLedger extends Ledger, BlameCounts {
  /** Of the messages whose publisher was told that the broker has them, those that a user who stayed connected lacks. */
  readonly acceptedThenLostMessages: number;
  /** What is missing of messages whose publisher was told that the broker has them; the rest was refused, or never told. */
  readonly acceptedMissingDeliveries: number;
}

/** Deliveries owed of messages whose publisher was told that the broker has them. */
export const acceptedMissing = ({ deliveries }: Missing): number =>
  deliveries.filter(({ answer }) => answer === "accepted").length;

export function acceptedThenLost({ deliveries }: Missing): number {
  const lost = deliveries.filter(({ answer, recipientStayed }) => answer === "accepted" && recipientStayed);
  return new Set(lost.map(({ publisher, sequence }) => `${publisher} ${sequence}`)).size;
}
