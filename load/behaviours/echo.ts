import type { MeasuredBehaviour } from "./measured-behaviour.ts";

/** Sends every message back as it came. */
export function echoBehaviour(): MeasuredBehaviour {
  let handledMessages = 0;
  return {
    behaviour: (connection) => ({
      message(payload) {
        handledMessages++;
        connection.send(payload);
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
