import type { Socket } from "node:net";
import { beginsWithTls } from "../../protocol/address.ts";
import { dial } from "../connection/dial.ts";

/** Reads of all sockets of the process go through it, one after the other: what is to stay must be copied. */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * A socket whose bytes reach `read` straight from the kernel, without a stream in between; they are only lent. Over TLS
 * they come as a stream. No Nagle.
 */
export function openSocket(url: URL, read: (chunk: Buffer) => void, localAddress?: string): Socket {
  if (beginsWithTls(url)) return dial(url, { localAddress }).on("data", read);
  const lend = (bytes: number, buffer: Uint8Array): boolean => {
    read((buffer as Buffer).subarray(0, bytes));
    return true;
  };
  return dial(url, { localAddress, onread: { buffer: readBuffer, callback: lend } });
}
