/**
 * What applications need of a way between users and server besides messages, and some protocols specify.
 *
 * - `login`: who the user is, proved before the first message.
 * - `presence`: others are told who is there.
 * - `acknowledgement`: the sender of a message learns that the server has it.
 * - `resume`: who was cut off says, by the protocol's own means, what it had last; the history is the server's to keep.
 */
export const provisions = ["login", "presence", "acknowledgement", "resume"] as const;
export type Provision = (typeof provisions)[number];
