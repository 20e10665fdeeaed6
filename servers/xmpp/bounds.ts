/**
 * What the parts of XMPP that other protocols do not have may hold, beside the `Limits` all have. Everything is in memory
 * and goes when the server does, so each is a bound on memory that clients can fill.
 */
export interface XmppBounds {
  /** Resources of one account at once; the next is refused with `resource-constraint` (RFC 6120 section 7.6.2.1). */
  readonly resourcesPerAccountMax: number;
  /** Contacts and groups in one roster. A roster is one stanza, and a reader like ours takes 1,000 elements in one. */
  readonly rosterEntriesMax: number;
  /** Contacts in all rosters together. */
  readonly contactsMax: number;
  /** Address, name and groups of one contact, in bytes. */
  readonly contactBytesMax: number;
  /** A presence with its attributes, in bytes: it is kept as long as its sender is available. */
  readonly presenceBytesMax: number;
  /** Addresses outside of its roster that one resource may tell of its presence (RFC 6121 section 4.6). */
  readonly directedPresencesMax: number;
  readonly roomsMax: number;
  readonly occupantsPerRoomMax: number;
  readonly roomsPerResourceMax: number;
  /** In bytes. */
  readonly roomSubjectBytesMax: number;
}

export const defaultBounds: XmppBounds = {
  // A benchmark's users may all share an account, so this does not come before `connectionsMax` does.
  resourcesPerAccountMax: 10_000,
  rosterEntriesMax: 900,
  contactsMax: 50_000,
  contactBytesMax: 2048,
  presenceBytesMax: 4096,
  directedPresencesMax: 100,
  roomsMax: 1000,
  occupantsPerRoomMax: 1000,
  roomsPerResourceMax: 50,
  roomSubjectBytesMax: 1024,
};
