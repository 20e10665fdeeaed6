/**
 * Ways for users to reach users that a protocol may bring along. Where it brings none, an application builds them on the
 * connections there are; a behaviour of our own server then stands for that application.
 *
 * - `relay`: two users; what the first sends, the second answers at once from a connection of its own.
 * - `self`: a user's message to its own address.
 * - `request`: a request with the payload to one's own address, which one answers oneself.
 * - `ping`: a request without a payload that the server answers by itself: the least a round trip can be.
 * - `blocks`, `large-blocks`: a payload in acknowledged blocks of 4096 bytes, or of the largest size there is.
 * - `unacknowledged-blocks`: the same in blocks of 4096 bytes that nobody acknowledges.
 * - `room`: what one member publishes goes to all members, the publisher included.
 * - `fan-out`: what the first user publishes is written to all others by a server that has no more than a list of them.
 * - `presence`: what the first user says of itself goes to all others, who subscribed to it.
 * - `come-and-go`: the same user appears and disappears, in turn.
 */
export const exchangeNames = [
  "relay",
  "self",
  "request",
  "ping",
  "blocks",
  "large-blocks",
  "unacknowledged-blocks",
  "room",
  "fan-out",
  "presence",
  "come-and-go",
] as const;
export type ExchangeName = (typeof exchangeNames)[number];

/** Exchanges in which the first user publishes and all others hear it; in some it hears itself. */
export const audienceOf: Readonly<Partial<Record<ExchangeName, { readonly publisherHears: boolean }>>> = {
  room: { publisherHears: true },
  "fan-out": { publisherHears: false },
  presence: { publisherHears: false },
  "come-and-go": { publisherHears: false },
};
