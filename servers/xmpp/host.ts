import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import type { Behaviour, Limits, ListenOptions } from "../../protocol/contract.ts";
import { heartbeatMs } from "../../protocol/options/heartbeat.ts";
import { allowsPlainLogin } from "../../protocol/options/plain-login.ts";
import { scramIterationsOf } from "../../protocol/options/scram-iterations.ts";
import type { ServerLink } from "../connection/link.ts";
import { Accounts, mainAccount } from "./accounts.ts";
import { defaultBounds, type XmppBounds } from "./bounds.ts";
import { infoService, itemsService } from "./disco.ts";
import { echoDomain } from "./echo-framing.ts";
import { type IqService, pingService } from "./iq.ts";
import { namespaces } from "./namespaces.ts";
import { Presence } from "./presence.ts";
import { Resources } from "./resources.ts";
import { Rooms } from "./rooms.ts";
import { rosterServices } from "./roster-requests.ts";
import { Rosters } from "./rosters.ts";
import { Router } from "./router.ts";
import type { XmppSession } from "./session.ts";
import { Resumptions } from "./stream-management-resumptions.ts";
import { Subscriptions } from "./subscriptions.ts";

/** What all sessions of one server share. */
export interface XmppHost {
  readonly accounts: Accounts;
  /** Whether PLAIN is offered where others can listen, too. */
  readonly plainWithoutTls: boolean;
  /** How often something comes from clients who are bound, or they are asked whether they are there; undefined: never. */
  readonly heartbeatMs: number | undefined;
  readonly resources: Resources;
  readonly router: Router;
  readonly behaviour: Behaviour;
  readonly limits: Limits;
  readonly bounds: XmppBounds;
  readonly links: Set<ServerLink>;
  /** To be closed with the server. */
  readonly resumptions: Resumptions;
  /** Every client that has connected and whose end is not seen yet, logged in or not. */
  readonly sessions: Set<XmppSession>;
}

/** The way of an echo: of servers of others no more is known than that they deliver. */
export const returnPath = {
  ours: "users write to the server's own address, which sends back (the experiment relay has them write to themselves here, too)",
  others:
    "users write to their own full JID, which the server looks up to deliver to their session, unless a URL names an address that echoes",
};

/** What only tests ask for. */
interface HostOptions {
  /** The XMPP domain. */
  readonly domain?: string;
  readonly bounds?: XmppBounds;
  /** Where the counts of stream management begin. */
  readonly firstCount?: number;
}

/** An embedded server without a socket yet, and how to log in there: `user:password`, as a URL has it. */
export interface NewHost {
  readonly host: XmppHost;
  readonly credentials: string;
}

/** The same on every binding: one domain, whose address echoes, and accounts with a password made up at the start. */
export function newHost(
  { behaviour, limits, options }: Pick<ListenOptions, "behaviour" | "limits" | "options">,
  { domain = echoDomain, bounds = defaultBounds, firstCount = 0 }: HostOptions = {},
): NewHost {
  const password = randomBytes(16).toString("base64url");
  const accounts = new Accounts(password, scramIterationsOf(options));
  const resources = new Resources();
  const rosters = new Rosters(bounds);
  const subscriptions = new Subscriptions(resources, rosters);
  const presence = new Presence({ accounts, bounds, resources, rosters, subscriptions });
  const rooms = new Rooms(isIP(domain) === 0 ? `rooms.${domain}` : "rooms.localhost", bounds);
  const session: readonly [string, IqService] = [`set ${namespaces.session} session`, () => undefined];
  const serverServices = new Map([
    pingService,
    session,
    infoService({ category: "server", type: "im", name: "wirebench" }, [namespaces.ping]),
    itemsService(() => [rooms.domain]),
  ]);
  const accountServices = new Map([
    pingService,
    session,
    // One resource is all that a stream has (RFC 6120 section 7.1).
    [`set ${namespaces.bind} bind`, () => "not-allowed"] satisfies [string, IqService],
    infoService({ category: "account", type: "registered" }, []),
    itemsService(() => []),
    ...rosterServices({ bounds, resources, rosters, subscriptions }),
  ]);
  const host: XmppHost = {
    accounts,
    plainWithoutTls: allowsPlainLogin(options),
    heartbeatMs: heartbeatMs(options),
    resources,
    router: new Router({ domain, accounts, resources, presence, rooms, serverServices, accountServices }),
    behaviour,
    limits,
    bounds,
    links: new Set(),
    resumptions: new Resumptions(limits, firstCount),
    sessions: new Set(),
  };
  return { host, credentials: `${mainAccount}:${password}` };
}
