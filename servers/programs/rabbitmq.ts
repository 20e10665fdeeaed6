/** A private RabbitMQ with an epmd of its own: www.rabbitmq.com/docs/configure, www.rabbitmq.com/docs/man/rabbitmq-env.conf.5. */
import { readdirSync, realpathSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { converse } from "./conversation.ts";
import { findExecutable } from "./executables.ts";
import { freePorts } from "./free-ports.ts";
import { type ProgramPlace, type ProgramRecipe, startPrivately } from "./private-program.ts";
import type { Program } from "./program.ts";

/** Debian's own script, ahead of what is on the path there: that one changes the user and knows one folder only. */
const debianFolder = "/usr/lib/rabbitmq/bin";

/** Told in the server's first frame, so that an answer can only be this server's. */
const nodeName = ({ port }: ProgramPlace): string => `wirebench-${process.pid}-${port}`;

/** What there would otherwise be one of on a machine, each in its folder or on a loopback port of its own. */
const startScript = (place: ProgramPlace, epmdPort: number, distributionPort: number): string => `
export HOME="$PWD" ERL_EPMD_PORT=${epmdPort} ERL_EPMD_ADDRESS=127.0.0.1
export RABBITMQ_NODENAME=${nodeName(place)}@localhost RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT=${place.port}
export RABBITMQ_DIST_PORT=${distributionPort}
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}'
export RABBITMQ_CONF_ENV_FILE="$PWD/none" RABBITMQ_CONFIG_FILE="$PWD/rabbitmq.conf"
export RABBITMQ_ADVANCED_CONFIG_FILE="$PWD/none" RABBITMQ_ENABLED_PLUGINS_FILE="$PWD/enabled_plugins"
export RABBITMQ_MNESIA_BASE="$PWD/mnesia" RABBITMQ_LOG_BASE="$PWD/log" RABBITMQ_LOGS=-
export RABBITMQ_PID_FILE="$PWD/pid" RABBITMQ_FEATURE_FLAGS_FILE="$PWD/feature_flags"
epmd -address 127.0.0.1 -port ${epmdPort} &
# Or its script stays, and its process would be the one that is measured.
export RABBITMQ_ALLOW_INPUT=true
exec "$0" -noinput
`;

/** Full means that publishers wait; the rest is the default. */
const configuration = `
log.console.level = warning
vm_memory_high_watermark.absolute = 512MiB
`;

const recipe = (script: string): ProgramRecipe => ({
  name: "rabbitmq-server",
  scheme: "amqp",
  async prepare(place) {
    const [epmdPort, distributionPort] = await freePorts(2);
    const files = {
      "start.sh": startScript(place, epmdPort!, distributionPort!),
      "rabbitmq.conf": configuration,
      enabled_plugins: "[].\n",
    };
    await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(place.folder, name), text)));
  },
  arguments: ({ folder }) => ["-c", `. "$1/start.sh"`, script, folder],
  // To a client's header it answers with its properties, the name of its cluster among them.
  answers: (place) =>
    converse(place, "AMQP\u0000\u0000\u0009\u0001", [new RegExp(`cluster_name.*${nodeName(place)}@`, "s")]),
  portTaken: /eaddrinuse|address already in use/i,
  startMsMax: 180_000,
  // It takes 2 s to say farewell to itself, and what it keeps is removed anyway.
  stopMsMax: 500,
});

export const rabbitmq = {
  name: "rabbitmq",
  role: "broker",
  used: true,
  find: (path) => findExecutable(["rabbitmq-server"], [debianFolder, path].join(delimiter)),
  /** It would start an Erlang to tell; a folder beside its script is named after the version. */
  version(found) {
    const plugins = readdirSync(join(dirname(realpathSync(found)), "../plugins"));
    return plugins.flatMap((name) => /^rabbit-(\d[\w.]*?)(\.ez)?$/.exec(name)?.[1] ?? [])[0];
  },
  install: { apt: ["rabbitmq-server"], brew: ["rabbitmq"] },
  address: { variable: "RABBITMQ_URL", scheme: "amqp" },
  start: (script, options) => startPrivately(recipe(script), { ...options, executable: "/bin/sh" }),
} satisfies Program;
