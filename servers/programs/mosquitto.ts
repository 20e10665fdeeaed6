/** A private mosquitto: mosquitto.org/man/mosquitto-conf-5.html. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { converse } from "./conversation.ts";
import { type ProgramPlace, type ProgramRecipe, startPrivately } from "./private-program.ts";
import type { Program } from "./program.ts";

const configuration = ({ port }: ProgramPlace): string => `
listener ${port} 127.0.0.1
allow_anonymous true
persistence false
log_dest stderr
log_type error
log_type warning
log_type information
connection_messages false
# By default a small packet may wait 40 ms for the acknowledgement of the one before it.
set_tcp_nodelay true
# By default what waits for a subscriber is dropped from the 1000th message on, without a word to anybody.
max_queued_messages 0
max_queued_bytes ${64 * 1024 * 1024}
`;

/** A CONNECT of MQTT 3.1.1 without a name, and the four bytes it is answered. */
const hello = "\u0010\u000c\u0000\u0004MQTT\u0004\u0002\u0000\u003c\u0000\u0000";
const welcome = /^ .{3}$/s;

const recipe: ProgramRecipe = {
  name: "mosquitto",
  scheme: "mqtt",
  prepare: (place) => writeFile(join(place.folder, "mosquitto.conf"), configuration(place)),
  arguments: ({ folder }) => ["-c", join(folder, "mosquitto.conf")],
  async answers({ said, ...place }) {
    // It has no name to tell its clients; this it says once the port is its own.
    if (!/ running$/m.test(said())) throw new Error("not yet");
    await converse(place, hello, [welcome]);
  },
  portTaken: /Address already in use/,
  startMsMax: 60_000,
  stopMsMax: 2000,
};

export const mosquitto = {
  name: "mosquitto",
  role: "broker",
  used: true,
  find: ["mosquitto"],
  version: ["-h"],
  install: { apt: ["mosquitto"], brew: ["mosquitto"] },
  address: { variable: "MQTT_URL", scheme: recipe.scheme },
  start: (executable, options) => startPrivately(recipe, { ...options, executable }),
} satisfies Program;
