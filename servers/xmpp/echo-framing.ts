/** How long the stanzas are that echo on the embedded server: with its address, and that of its first account. */
import type { Direction, PayloadForm } from "../../protocol/contract.ts";
import { stanzaFraming } from "../../protocol/wires/framing-bytes.ts";
import { clientNamespace } from "../../protocol/wires/xmpp-element.ts";
import { messageType } from "../../protocol/wires/xmpp-message.ts";
import { mainAccount } from "./accounts.ts";

/** The domain of the embedded server, which echoes. */
export const echoDomain = "localhost";
/** Resources that clients choose are 9 random bytes, in base64. */
const clientJid = `${mainAccount}@${echoDomain}/${"r".repeat(12)}`;

const attributes: Readonly<Record<Direction, string>> = {
  up: `to="${echoDomain}" type="${messageType}"`,
  down: `from="${echoDomain}" to="${clientJid}" type="${messageType}"`,
};

/** Of a stanza in a stream of its namespace. */
export const echoFraming = (form: PayloadForm, bytes: number, direction: Direction): number =>
  stanzaFraming(form, bytes, attributes[direction]);

/** Of one that must say its namespace by itself. */
export const standaloneEchoFraming = (form: PayloadForm, bytes: number, direction: Direction): number =>
  stanzaFraming(form, bytes, `xmlns="${clientNamespace}" ${attributes[direction]}`);
