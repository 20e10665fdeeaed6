/**
 * What must not be printed or written: passwords and tokens of URLs. Masked where text leaves the process, so that it
 * does not matter who quotes a URL, whole or in part.
 */

export const mask = "***";

/** Query parameters that carry a credential, by what their names contain. */
const secretWord =
  /token|secret|passw|passphrase|pwd|^pass$|auth(?!or)|cred|jwt|^sig|signature|(^|[-_.]|api|access|private)key$|session|^sid$|ticket|^code$/;
const isSecret = (name: string): boolean =>
  secretWord.test(
    decoded(name)
      .replace(/([a-z])([A-Z])/g, "$1-$2")
      .toLowerCase(),
  );

const userinfo = /\b([a-z][a-z0-9+.-]*:\/\/)([^\s/?#"'`<>@:]*):(?!\*)([^\s/?#"'`<>]+)@/gi;
/** Without a password, what stands before the `@` of a web URL is a token; elsewhere it is a name. */
const bareToken = /\b((?:https?|wss?):\/\/)(?!\*)([^\s/?#"'`<>@:]+)@/gi;
const parameter = /([?&;#])([\w.~%[\]-]+)=(?!\\?\*)([^\s&;#"'`<>]+)/g;
const header =
  /\b((?:authorization|cookie)["']?\s*[:=]\s*["']?(?:(?:basic|bearer|digest|token)\s+)?)(?!\*|(?:basic|bearer|digest|token)\s)([^\s"',]+)/gi;
const urlLike = /[a-z][a-z0-9+.-]*:\/\/[^\s"'`<>]+/gi;

/** Values seen in URLs, longest first, as they may turn up apart from them. */
let known: string[] = [];
/** What base64 makes of them, wherever in a text they stand. */
let encoded: string[] = [];

/** Remembers the secrets of every URL in a text, so that `masked` finds them wherever they are quoted alone. */
export function learnSecrets(text: string): void {
  const found = new Set(known);
  for (const [url] of text.matchAll(urlLike)) {
    for (const secret of secretsOf(url)) if (isTelling(secret)) found.add(secret);
  }
  known = [...found].sort((a, b) => b.length - a.length);
  encoded = known.flatMap(base64Forms);
}

/** The text without secrets: those of URLs in it, and those that were learnt. What is masked stays as it is. */
export function masked(text: string): string {
  const shown = text
    .replace(userinfo, `$1$2:${mask}@`)
    .replace(bareToken, `$1${mask}@`)
    .replace(parameter, (whole, before: string, name: string) => (isSecret(name) ? `${before}${name}=${mask}` : whole))
    .replace(header, `$1${mask}`);
  const plain = known.reduce((rest, secret) => rest.replaceAll(secret, mask), shown);
  // All of it: the name before a password would tell how long that is, and its edges are in the same letters.
  return encoded.reduce(
    (rest, form) =>
      rest.includes(form)
        ? rest.replace(new RegExp(`[\\w+/]*${form.replaceAll("+", "\\+")}[\\w+/]*=*`, "g"), mask)
        : rest,
    plain,
  );
}

function secretsOf(text: string): string[] {
  if (!URL.canParse(text)) return [];
  const { username, password, search, hash, protocol } = new URL(text);
  const parameters = [search, hash].flatMap((part) => [...part.matchAll(parameter)]);
  const secrets = [
    password,
    ...(password === "" && /^(http|ws)s?:$/.test(protocol) ? [username] : []),
    ...parameters.flatMap(([, , name, value]) => (isSecret(name!) ? [value!] : [])),
  ].filter((secret) => secret !== "");
  const basic = password === "" ? [] : [Buffer.from(`${decoded(username)}:${decoded(password)}`).toString("base64")];
  // Quoted by others, it may be written in any of its forms.
  return [...secrets.flatMap((secret) => [secret, decoded(secret), encodeURIComponent(decoded(secret))]), ...basic];
}

/** A shorter form could be found in innocent base64. */
const base64FormMin = 8;

/**
 * Letters that every base64 text has in it which encodes this among other things, as a login does (`name:password`,
 * `\0name\0password`): for each of the three places where it may begin, those that depend on nothing beside it.
 */
function base64Forms(secret: string): string[] {
  return [0, 1, 2].flatMap((offset) => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]);
    const letters = bytes.toString("base64").slice(Math.ceil((offset * 8) / 6), Math.floor((bytes.byteLength * 8) / 6));
    return letters.length < base64FormMin ? [] : [letters];
  });
}

/** A short word or number would be found in innocent places; it is masked only where a URL or a header holds it. */
const isTelling = (secret: string): boolean => secret.length >= 4 && !/^([a-z]{1,9}|\d{1,8})$/.test(secret);

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
