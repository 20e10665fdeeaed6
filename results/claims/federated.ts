/** Two servers that anybody may run and that find each other: the cell that claims about XMPP share. */
import type { Need, Where } from "./claim.ts";

export const federatedCell = {
  scenario: "federation",
  target: "xmpp@prosody",
  variant: "prosody to prosody, in clear",
} as const satisfies Where;

export const federated: Need = {
  experiment: federatedCell.scenario,
  targets: [federatedCell.target],
  variants: [federatedCell.variant],
};
