import type { Options, OptionTrait } from "../contract.ts";
import { WirebenchError } from "../errors.ts";

/**
 * SASL PLAIN (RFC 4616) says the password, so an XMPP server offers it where the transport is encrypted and nowhere else
 * (RFC 6120 section 13.9.4), unless it is told to.
 */
export const plainLogin: OptionTrait = {
  name: "plain-login",
  summary: "the server offers SASL PLAIN without TLS, too",
  parse(text) {
    if (text === "" || text === "on") return "on";
    throw new WirebenchError("usage", `expected +plain-login, got "+plain-login=${text}"`);
  },
  title: () => "with PLAIN in clear",
};

export const allowsPlainLogin = (options: Options | undefined): boolean => options?.[plainLogin.name] === "on";
