import type { Flow } from "../../../results/contract/profile.ts";

/** So many messages have the shares of the profile, to a per cent. */
const turn = 100;

/**
 * Payloads in the order they are sent: at each place the size that is furthest behind its share, so that any stretch of
 * messages has about the same mix.
 */
export function sizesInTurn(sizes: Flow["sizes"]): number[] {
  if (sizes.length === 1) return [sizes[0]!.bytes];
  const total = sizes.reduce((sum, { share }) => sum + share, 0);
  const sent = sizes.map(() => 0);
  return Array.from({ length: turn }, (_, place) => {
    const owed = sizes.map(({ share }, index) => (share / total) * (place + 1) - sent[index]!);
    const next = owed.indexOf(Math.max(...owed));
    sent[next]!++;
    return sizes[next]!.bytes;
  });
}
