// The parts of the untyped @xmpp packages (0.14) that wirebench uses. Ambient, so that nothing exported depends on it.

declare module "@xmpp/xml" {
  import type { EventEmitter } from "node:events";

  export type ElementAttributes = Record<string, string | undefined>;

  export class Element {
    constructor(name: string, attributes?: ElementAttributes);
    name: string;
    parent: Element | null;
    children: (Element | string)[];
    attrs: ElementAttributes;
    /** Local name and, when given, namespace. */
    is(name: string, xmlns?: string): boolean;
    /** Name without its prefix. */
    getName(): string;
    getNS(): string | undefined;
    getChild(name: string, xmlns?: string): Element | undefined;
    getChildren(name: string, xmlns?: string): Element[];
    getChildText(name: string, xmlns?: string): string | null;
    getChildElements(): Element[];
    /** Text of the element's own text nodes. */
    getText(): string;
    append(...nodes: (Element | string)[]): void;
    /** Appends text. */
    t(text: string): this;
    /** What `toString` says, piece by piece. */
    write(writer: (text: string) => void): void;
    toString(): string;
  }

  export interface ParserEvents {
    start: [root: Element];
    element: [element: Element];
    end: [root: Element];
    error: [error: Error];
  }

  export class Parser extends EventEmitter<ParserEvents> {
    root: Element | null;
    cursor: Element | null;
    onStartElement(name: string, attributes: ElementAttributes): void;
    onEndElement(name: string): void;
    onText(text: string): void;
    write(data: string): void;
  }

  export function xml(
    name: string,
    attributes?: ElementAttributes | null,
    ...children: (Element | string | undefined)[]
  ): Element;
}

declare module "@xmpp/connection" {
  import type { EventEmitter } from "node:events";
  import type { Socket } from "node:net";
  import type { Element, Parser } from "@xmpp/xml";

  export interface ConnectionEvents {
    connecting: [];
    connect: [];
    open: [header: Element];
    element: [element: Element];
    stanza: [element: Element];
    nonza: [element: Element];
    send: [element: Element];
    /** The peer closed its stream (RFC 6120 section 4.4). */
    close: [];
    /** The socket is gone. */
    disconnect: [];
    error: [error: Error];
  }

  export class Connection extends EventEmitter<ConnectionEvents> {
    /** Milliseconds the library waits for the stream to open or close; 0 waits for ever. */
    timeout: number;
    socket: Socket | null;
    parser: Parser | null;
    /** Opens the socket. */
    connect(service: string): Promise<unknown>;
    /** Opens the stream; resolves with the peer's header. */
    open(options: { domain: string; lang?: string }): Promise<Element>;
    /** Opens a new stream on the same socket (RFC 6120 section 4.3.3). */
    restart(): Promise<Element>;
    /** Closes the stream, then the socket. */
    stop(): Promise<unknown>;
    /** Resolves when the kernel has taken the stanza. */
    send(element: Element): Promise<void>;
    /** Resolves when the kernel has taken the text. */
    write(text: string): Promise<void>;
    _attachParser(parser: Parser): void;
    _attachSocket(socket: Socket): void;
    _detachSocket(): void;
    _onData(data: string): void;
    _onStreamError(element: Element): void;
  }

  /** What a client mixes in for the schemes it supports; both are properties of the prototype. */
  export class Transport extends Connection {
    Socket: new () => Socket;
    Parser: new () => Parser;
  }
}

declare module "@xmpp/client-core" {
  import { Connection, type Transport } from "@xmpp/connection";

  export class Client extends Connection {
    constructor(options: { service: string; domain: string });
    transports: (typeof Transport)[];
  }
}

declare module "@xmpp/tcp/lib/Connection.js" {
  import { Transport } from "@xmpp/connection";

  export default class ConnectionTCP extends Transport {}
}
