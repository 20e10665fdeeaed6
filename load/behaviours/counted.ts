import type { Behaviour } from "../../protocol/contract.ts";
import type { MeasuredBehaviour } from "./measured-behaviour.ts";

/** A behaviour that takes no part in windows but to count what it handled. */
export function countedBehaviour(make: (handled: () => void) => Behaviour): MeasuredBehaviour {
  let handledMessages = 0;
  const behaviour = make(() => {
    handledMessages++;
  });
  return {
    behaviour,
    get handledMessages() {
      return handledMessages;
    },
    prepare: () => Promise.resolve(),
    send: () => Promise.resolve(),
    halt() {},
    collect: () => Promise.resolve({}),
  };
}
