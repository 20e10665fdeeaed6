import type { PageClient } from "../../protocol/page.ts";
import { opened } from "./opened.ts";

/** WHATWG WebSockets: the browser frames, masks and answers pings by itself. */
export const websocketPage: PageClient = {
  async connect({ url, onMessage, onEnd }) {
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => onMessage(typeof data === "string" ? data : new Uint8Array(data));
    socket.onclose = ({ code }) => onEnd(`close code ${code}`);
    await opened(socket);
    return { send: (payload) => socket.send(payload), close: () => socket.close() };
  },
};
