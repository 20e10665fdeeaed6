import type { MeasuredBehaviour } from "./measured-behaviour.ts";

export interface EchoOrder {
  /** Put before what is sent back, to have more bytes on the wire than there should be. Absent: nothing is. */
  readonly header?: string;
}

/** Sends every message back as it came. */
export function echoBehaviour({ header }: EchoOrder = {}): MeasuredBehaviour {
  let handledMessages = 0;
  return {
    behaviour: (connection) => ({
      message(payload) {
        handledMessages++;
        if (header === undefined) connection.send(payload);
        else
          connection.send(
            typeof payload === "string" ? header + payload : Buffer.concat([Buffer.from(header), payload]),
          );
      },
      closed() {},
    }),
    get handledMessages() {
      return handledMessages;
    },
    prepare: () => Promise.resolve(),
    send: () => Promise.resolve(),
    halt() {},
    collect: () => Promise.resolve({}),
  };
}
