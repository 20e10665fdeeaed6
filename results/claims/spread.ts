/** How evenly users are spread, as claims about the balance of new connections ask. */
import type { MeasuredCell } from "../contract/results.ts";
import { type Decidable, type Seen, valueInWords } from "./claim.ts";

/** Whether a user is one connection for as long as it is there, so that the balance decides where all of it goes. */
export function isStream({ targets }: Decidable, { target }: MeasuredCell): boolean {
  const info = targets.find(({ label }) => label === target);
  return info?.uplink === "stream" && info.downlink === "stream";
}

/** Of the fullest node, in every trial: no more than a turn for each user allows. */
export const evenly = ({ cell: { parameters }, high }: Seen): boolean =>
  high <= Math.ceil(parameters.connections / (parameters.nodes ?? 1));

/** `30 users, 3 nodes: 10 on the fullest`. */
export const fullestInShort = (seen: Seen): string => {
  const { connections, nodes } = seen.cell.parameters;
  return `${connections} users, ${nodes ?? 1} nodes: ${valueInWords(seen)} on the fullest`;
};
