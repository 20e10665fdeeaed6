/**
 * Whether the processes that listen on a port serve the connections to it themselves. A port forwarder or a proxy listens
 * too, and its CPU time and memory are not those of the server behind it.
 */
import type { TcpSocket } from "./process-files.ts";
import { commandOf, processTree } from "./process-use.ts";
import { socketsOf, tcpSockets, unixConnections } from "./sockets.ts";

/** Programs that forward what they are sent, some of them over one connection for all, or none at rest. */
const forwarders: ReadonlySet<string> = new Set(
  (
    "caddy chisel cloudflared com.docker.backend docker-proxy envoy frpc frps gvproxy h2o haproxy hitch istio-proxy " +
    "kubectl linkerd2-proxy mitmdump mitmproxy mitmweb nc ncat netcat nginx ngrok openresty passt pasta pingora pound redir " +
    "rinetd rootlessport slirp4netns socat squid ssh sshd stunnel stunnel4 tailscaled toxiproxy toxiproxy-server traefik " +
    "varnishd vpnkit websockify wslrelay"
  ).split(" "),
);

/** What was connected when the processes were first looked at, before any user was: pools, control connections. */
const atFirst = new Map<string, ReadonlySet<string>>();

/** Connections to a port, as this host sees them. */
interface Connections {
  /** Those to the port's addresses, from this host. */
  readonly users: number;
  /** Those that the processes hold. */
  readonly accepted: number;
  /** Inodes of those to other processes. */
  readonly onward: ReadonlySet<string>;
}

export class Forwarding {
  readonly #pids: readonly number[];
  readonly #addresses: readonly string[];
  readonly #port: number;

  /** To be made before any user is connected. `pids` listen on `port` of `addresses`; their children are looked at too. */
  constructor(pids: readonly number[], addresses: readonly string[], port: number) {
    this.#pids = pids;
    this.#addresses = addresses;
    this.#port = port;
    // Once for a run: what a forwarder keeps open from the last trial must not pass for a pool of its own.
    if (!atFirst.has(this.#key)) atFirst.set(this.#key, this.#look().onward);
  }

  get #key(): string {
    return this.#pids.join();
  }

  /** Why the processes are not the server, as a sentence, while users are connected; undefined where nothing says so. */
  suspicion(): string | undefined {
    const names = this.#pids.map((pid) => ({ pid, name: commandOf(pid) }));
    const known = names.find(({ name }) => forwarders.has(name));
    if (known !== undefined) return `${known.name} (pid ${known.pid}) listens there and forwards to another process`;
    const { users, accepted, onward } = this.#look();
    const shown = names.map(({ pid, name }) => `${name} (pid ${pid})`).join(", ");
    if (users > 0 && accepted === 0) return `${shown} listens there but holds none of the connections`;
    // Some may be on their way between the kernel and the server.
    if (accepted < users * acceptedShareMin) {
      return `${shown} holds only ${accepted} of ${users} connections, the others belong to processes that cannot be seen`;
    }
    const before = atFirst.get(this.#key)!;
    const since = [...onward].filter((inode) => !before.has(inode)).length;
    if (since === 0 || since < accepted * onwardShare) return undefined;
    return `${shown} opened ${since} connections to other processes for ${accepted} accepted ones, as a forwarder does`;
  }

  #look(): Connections {
    const held = new Set(processTree(...this.#pids).flatMap(socketsOf));
    const sockets = tcpSockets();
    const established = sockets.filter(({ state }) => state === "established");
    const own = established.filter(({ inode }) => held.has(inode));
    const ownPorts = new Set(
      sockets.filter(({ state, inode }) => state === "listening" && held.has(inode)).map(({ local }) => local.port),
    );
    // Between processes of the tree: all of them are measured.
    const ends = new Set(own.map(({ local, remote }) => path(local, remote)));
    const onward = own.filter(({ local, remote }) => !ownPorts.has(local.port) && !ends.has(path(remote, local)));
    return {
      users: established.filter(({ remote }) => remote.port === this.#port && this.#addresses.includes(remote.address))
        .length,
      accepted: own.filter(({ local }) => local.port === this.#port).length,
      onward: new Set([...onward.map(({ inode }) => inode), ...unixConnections().filter((inode) => held.has(inode))]),
    };
  }
}

/** HTTP servers may share what they forward over, and users may share what they connect over. */
const onwardShare = 0.5;
const acceptedShareMin = 0.9;

const path = (from: TcpSocket["local"], to: TcpSocket["local"]): string =>
  `${from.address} ${from.port} ${to.address} ${to.port}`;
