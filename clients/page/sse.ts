import type { PageClient } from "../../protocol/page.ts";
import { fromBase64 } from "./http/json-message.ts";
import { uplink } from "./http/uplink.ts";

interface NamedEvent {
  readonly data: string;
}

/** `EventSource` down (WHATWG HTML section 9.2) and `fetch` up; the first event says where to. */
export const ssePage: PageClient = {
  async connect({ url, onMessage, onEnd }) {
    const source = new EventSource(new URL("events", url));
    // The browser would come back by itself, as somebody new.
    const end = (why: string): void => {
      source.close();
      onEnd(why);
    };
    source.onmessage = ({ data }: NamedEvent) => onMessage(JSON.parse(data) as string);
    const hears = (type: string, take: (data: string) => void): void =>
      source.addEventListener(type, (event) => take((event as unknown as NamedEvent).data));
    hears("binary", (data) => onMessage(fromBase64(data)));
    const path = await new Promise<string>((resolve, reject) => {
      hears("connection", (data) => resolve((JSON.parse(data) as { uplink: string }).uplink));
      source.onerror = () => {
        end("the event stream has ended");
        reject(new Error("the browser could not connect"));
      };
    });
    return { send: uplink(new URL(path, url), end), close: () => end("closed") };
  },
};
