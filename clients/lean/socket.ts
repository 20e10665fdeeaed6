import { connect as connectTcp, type NetConnectOpts, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** Reads of all sockets of the process go through it, one after the other: what is to stay must be copied. */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * A socket whose bytes reach `read` straight from the kernel, without a stream in between; they are only lent. Over TLS
 * (schemes `https:` and `wss:`) they come as a stream. No Nagle.
 */
export function openSocket(url: URL, read: (chunk: Buffer) => void, localAddress?: string): Socket {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const isTls = url.protocol === "wss:" || url.protocol === "https:";
  const from = localAddress === undefined ? {} : { localAddress };
  const port = Number(url.port || (isTls ? 443 : 80));
  if (isTls) {
    // Names only: an address is no name to ask for (RFC 6066 section 3).
    const servername = /^[\d.]+$|:/.test(host) ? "" : host;
    const socket = connectTls({ host, port, ...from, servername, ALPNProtocols: ["http/1.1"] });
    socket.setNoDelay(true);
    return socket.on("data", read);
  }
  const lend = (bytes: number, buffer: Uint8Array): boolean => {
    read((buffer as Buffer).subarray(0, bytes));
    return true;
  };
  const options: NetConnectOpts = {
    host,
    port,
    ...from,
    noDelay: true,
    onread: { buffer: readBuffer, callback: lend },
  };
  return connectTcp(options);
}
