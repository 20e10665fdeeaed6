/** How many bytes a message and its echo take on the wire, by the arithmetic of the protocol. */
import type { PayloadForm, Traits } from "../../../protocol/contract.ts";

/** Bytes of one message and its echo, for a payload of so many bytes. */
export interface Framing {
  /** Everything is known: the numbers are the whole of it. Otherwise a part is added that no size changes. */
  readonly complete: boolean;
  readonly sent: (form: PayloadForm, payloadBytes: number) => number;
  readonly received: (form: PayloadForm, payloadBytes: number) => number;
}

/** A body and the digits that tell its length in Content-Length (RFC 9110 section 8.6). */
const withLength = (bodyBytes: number): number => bodyBytes + String(bodyBytes).length;

/** Undefined where the bytes of one message depend on when it is sent, as with polls by the clock, or are not known. */
export function framingOf({ framingBytes, uplink, downlink }: Traits): Framing | undefined {
  if (framingBytes === undefined || downlink === "polled") return undefined;
  return {
    complete: uplink === "stream",
    sent(form, bytes) {
      const whole = bytes + framingBytes(form, bytes, "up");
      return uplink === "request" ? withLength(whole) : whole;
    },
    received(form, bytes) {
      const whole = bytes + framingBytes(form, bytes, "down");
      return downlink === "stream" ? whole : withLength(whole);
    },
  };
}
