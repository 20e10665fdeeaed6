import { WirebenchError } from "../../../protocol/errors.ts";
import type { ProxiedNode } from "./balancer.ts";

/** Where a node listens, for a configuration that also holds its name. Throws `usage` for a name no such file can hold. */
export function addressOf({ name, port }: Pick<ProxiedNode, "name" | "port">): string {
  if (!/^[\w.-]{1,64}$/.test(name)) {
    throw new WirebenchError(
      "usage",
      `a node cannot be called ${JSON.stringify(name)}: expected letters, digits, . _ -`,
    );
  }
  return `127.0.0.1:${port}`;
}
