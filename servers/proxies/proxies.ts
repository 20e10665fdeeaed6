/** The proxies there are: a file each. */
import { haproxyProxy } from "./haproxy.ts";
import { nginxProxy } from "./nginx.ts";
import type { ShippedProxy } from "./proxy.ts";

export const proxies: readonly ShippedProxy[] = [haproxyProxy, nginxProxy];
