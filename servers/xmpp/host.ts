import { randomBytes } from "node:crypto";
import type { ListenOptions } from "../../protocol/contract.ts";
import { Account } from "./account.ts";
import { Router } from "./router.ts";
import type { XmppHost } from "./session.ts";

const domain = "localhost";
const accountName = "wirebench";

/** An embedded server without a socket yet, and how to log in there: `user:password`, as a URL has it. */
export interface NewHost {
  readonly host: XmppHost;
  readonly credentials: string;
}

/** The same on every binding: one domain, whose address echoes, and accounts with a password made up at the start. */
export function newHost({ behaviour, limits }: Pick<ListenOptions, "behaviour" | "limits">): NewHost {
  const password = randomBytes(16).toString("base64url");
  return {
    host: {
      account: new Account(accountName, password),
      router: new Router(domain),
      behaviour,
      limits,
      links: new Set(),
      sessions: new Set(),
    },
    credentials: `${accountName}:${password}`,
  };
}
