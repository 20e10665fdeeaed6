import type { ProtocolClient } from "../protocol/contract.ts";
import { connectEvents } from "./http/event-link.ts";
import { SourcedEventStream } from "./http/event-stream.ts";

/** Reads its events with the library `eventsource`. */
export const sseClient: ProtocolClient = {
  connect: (options) => connectEvents(options, (stream) => new SourcedEventStream(stream)),
};
