import type { Options } from "../contract.ts";
import { isOn, switchOption } from "./switch.ts";

/**
 * SASL PLAIN (RFC 4616) says the password, so an XMPP server offers it where the transport is encrypted and nowhere else
 * (RFC 6120 section 13.9.4), unless it is told to.
 */
export const plainLogin = switchOption({
  name: "plain-login",
  summary: "the server offers SASL PLAIN without TLS, too",
  title: "with PLAIN in clear",
});

export const allowsPlainLogin = (options: Options | undefined): boolean => isOn(plainLogin, options);
