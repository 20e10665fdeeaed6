import { countedBehaviour } from "./counted.ts";
import type { MeasuredBehaviour } from "./measured-behaviour.ts";

export interface EchoOrder {
  /** Put before what is sent back, to have more bytes on the wire than there should be. Absent: nothing is. */
  readonly header?: string;
}

/** Sends every message back as it came. */
export const echoBehaviour = ({ header }: EchoOrder = {}): MeasuredBehaviour =>
  countedBehaviour((handled) => (connection) => ({
    message(payload) {
      handled();
      if (header === undefined) connection.send(payload);
      else
        connection.send(typeof payload === "string" ? header + payload : Buffer.concat([Buffer.from(header), payload]));
    },
    closed() {},
  }));
