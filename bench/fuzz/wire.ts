import type { Element } from "@xmpp/xml";
import { tcpWire } from "./tcp-wire.ts";
import { webSocketWire } from "./websocket-wire.ts";

/** How the pieces of a conversation travel, and how what is heard is read. */
export interface Wire {
  /** What a client says before the first piece. */
  readonly opening: Buffer;
  /** A piece as it is written on TCP, in the form of this wire. */
  encode(piece: string): Buffer;
  /** What a server said. */
  read(heard: Buffer): Reading;
  /**
   * Whether what the client said ends inside of something that has not ended, so that the sentinel has not been said.
   * `successAt` is the number of the element of the login that was answered with success, from 0; -1 if none was.
   */
  isUnfinished(sent: Buffer, successAt: number, sentinel: string): boolean;
}

export interface Reading {
  readonly elements: readonly Element[];
  /** The stream was ended as the wire ends one. */
  readonly ended: boolean;
  /** Why it is not what a server may say. */
  readonly fault: string | undefined;
  /** What the server ended with below XMPP, where that is its right. */
  readonly refusal?: string | undefined;
}

/** The wire of a server's URL. */
export const wireOf = (url: string): Wire => (url.startsWith("ws") ? webSocketWire(url) : tcpWire);
