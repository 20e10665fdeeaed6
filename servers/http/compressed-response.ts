import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, createGzip } from "node:zlib";
import { deflateSettings } from "../../protocol/options/deflate.ts";

/** What a response that does not end is written to. */
export interface EndlessBody {
  write(text: string): void;
  /** Bytes written that the kernel has not taken. */
  queuedBytes(): number;
  /** Ends the response when what was written has left. */
  end(): void;
}

/** As it is. */
export const plainBody = (response: ServerResponse): EndlessBody => ({
  write: (text) => void response.write(text),
  queuedBytes: () => response.writableLength,
  end: () => void response.end(),
});

/** gzip (RFC 1952), flushed after each write, so that the peer has all of it (RFC 1951 section 3.2.4: an empty block). */
export function compressedBody(response: ServerResponse): EndlessBody {
  const gzip = createGzip({ ...deflateSettings, flush: constants.Z_SYNC_FLUSH });
  gzip.on("error", () => response.destroy());
  response.on("close", () => gzip.destroy());
  gzip.pipe(response);
  return {
    write: (text) => void gzip.write(text),
    queuedBytes: () => gzip.writableLength + gzip.readableLength + response.writableLength,
    end: () => void gzip.end(),
  };
}

/** Whether the request offers to take gzip (RFC 9110 section 12.5.3). */
export function takesGzip({ headers }: IncomingMessage): boolean {
  const offers = String(headers["accept-encoding"] ?? "").toLowerCase();
  return offers.split(",").some((offer) => /^\s*(x-)?gzip\s*(;(?!\s*q=0(\.0+)?\s*$).*)?$/.test(offer));
}
