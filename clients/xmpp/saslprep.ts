/** Section C.1.2 of RFC 3454: spaces other than the one of ASCII, which become that. */
const otherSpaces = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g;

/** Section B.1 of RFC 3454: what is commonly mapped to nothing. */
// biome-ignore lint/suspicious/noMisleadingCharacterClass: these characters are meant one by one
const mappedToNothing = /[\u00ad\u034f\u1806\u180b-\u180d\u200c\u200d\u2060\ufe00-\ufe0f\ufeff]/g;

/** Section 2.3 of RFC 4013: controls, private use, non-characters, lone surrogates, what changes the display, tags. */
const prohibited =
  /[\p{Cc}\p{Co}\p{Cs}\p{Noncharacter_Code_Point}\u06dd\u070f\u180e\u200e\u200f\u2028-\u202e\u2061-\u2063\u206a-\u206f\u2ff0-\u2ffb\ufff9-\ufffd\u{1d173}-\u{1d17a}\u{e0001}\u{e0020}-\u{e007f}]/u;

/**
 * A user name or password in the form both sides of SCRAM derive keys from (SASLprep, RFC 4013); undefined where it has a
 * character that is not allowed. Does not check the direction of right-to-left texts, which changes nothing: it only
 * refuses.
 */
export function saslprep(text: string): string | undefined {
  const prepared = text.replace(otherSpaces, " ").replace(mappedToNothing, "").normalize("NFKC");
  return prohibited.test(prepared) ? undefined : prepared;
}
