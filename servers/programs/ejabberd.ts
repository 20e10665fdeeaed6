/** A private ejabberd, started as its script does but without distribution: docs.ejabberd.im/admin/configuration. */
import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findExecutable } from "./executables.ts";
import { type ProgramRecipe, startPrivately } from "./private-program.ts";
import type { Program } from "./program.ts";
import type { Federation } from "./running-program.ts";
import {
  accountName,
  certificateFile,
  federationInWords,
  keyFile,
  newPassword,
  numberedAccounts,
  offersLogin,
  serverPort,
  setupFor,
  setupInWords,
  stanzaBytesMax,
  writePrivately,
  type XmppSetup,
  xmppAddresses,
  xmppServes,
} from "./xmpp-setup.ts";

const paths = { websocket: "/ws", bosh: "/bosh" };

/**
 * Erlang's schedulers look for work for a while before they sleep. That would count as work, and take the cores that the
 * users share with the server.
 */
const erlangOptions = ["+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none"];

const common = ({ address }: XmppSetup): string => `hosts: ["${address}"]
loglevel: warning

# What is kept of a password are keys of SCRAM.
auth_method: internal
auth_password_format: scram

# No shapers: the example configuration holds each client to 3 kB/s.
shaper_rules:
  max_user_sessions: infinity
`;

const stanzas = `max_stanza_size: ${stanzaBytesMax}`;

/** For clients on any binding. */
const configuration = (setup: XmppSetup): string => {
  const { folder, address, ports } = setup;
  const clients = `ip: "${address}", module: ejabberd_c2s, ${stanzas}`;
  const http = `ip: "${address}", module: ejabberd_http, request_handlers: { ${paths.websocket}: ejabberd_http_ws, ${paths.bosh}: mod_bosh }`;
  return `# Erlang: ${erlangOptions.join(" ")} (schedulers sleep when there is no work), no distribution
${common(setup)}
certfiles: ["${folder}/${certificateFile}", "${folder}/${keyFile}"]
listen:
  - { port: ${ports.plain}, ${clients} }
  - { port: ${ports.starttls}, ${clients}, starttls: true }
  - { port: ${ports.directTls}, ${clients}, tls: true }
  - { port: ${ports.http}, ${http} }
  - { port: ${ports.https}, ${http}, tls: true }
websocket_origin: []

# What a login and a message take. Not there: an archive, messages kept for the absent, carbon copies, push, stream
# management.
modules:
  mod_bosh: { max_inactivity: 60 }
  mod_disco: {}
  mod_muc: { hosts: ["rooms.@HOST@"], max_users: 1000 }
  mod_ping: {}
  mod_roster: {}
`;
};

/** For clients on TCP and other servers: domains are addresses, so none is looked up in DNS. */
const federated = (setup: XmppSetup, { certificate, behind = serverPort }: Federation): string => `${common(setup)}
listen:
  - { port: ${setup.ports.plain}, ip: "${setup.address}", module: ejabberd_c2s, ${stanzas}${certificate ? ", starttls: true" : ""} }
  - { port: ${behind}, ip: "${setup.address}", module: ejabberd_s2s_in, ${stanzas} }
s2s_use_starttls: ${certificate ? "required" : "false"}
certfiles: [${certificate ? `"${setup.folder}/${certificateFile}", "${setup.folder}/${keyFile}"` : ""}]
modules:
  mod_disco: {}
  mod_ping: {}
  mod_roster: {}
  # Servers prove who they are by dialback: nobody vouches for a certificate made here.
  mod_s2s_dialback: {}
`;

/**
 * Run once it has started; after a restart they are there. Keys are derived once: the other accounts are copies, put into
 * the table as it is, whatever its columns are, while it is in memory; on disk, where ejabberd has it, each would take a
 * millisecond.
 */
const accounts = (domain: string, password: string): string => `
{ok, _} = application:ensure_all_started(ejabberd),
case ejabberd_auth:try_register(<<"${accountName}">>, <<"${domain}">>, <<"${password}">>) of
  {error, exists} -> ok;
  ok ->
    {atomic, ok} = mnesia:change_table_copy_type(passwd, node(), ram_copies),
    [Row] = mnesia:dirty_match_object(passwd, mnesia:table_info(passwd, wild_pattern)),
    [mnesia:dirty_write(setelement(2, Row, setelement(1, element(2, Row), <<"user", (integer_to_binary(N))/binary>>)))
     || N <- lists:seq(0, ${numberedAccounts - 1})],
    {atomic, ok} = mnesia:change_table_copy_type(passwd, node(), disc_only_copies)
end,
io:format("wirebench has its accounts~n").
`;
const hasAccounts = /^wirebench has its accounts$/m;

const recipeFor = (script: string, federation: Federation | undefined): ProgramRecipe => {
  const password = newPassword();
  let setup: XmppSetup & { readonly certificate?: string } = setupInWords;
  return {
    name: "ejabberd",
    scheme: "xmpp",
    ...(federation && { address: federation.address }),
    async prepare(place) {
      setup = await setupFor(place, federation);
      const text = federation === undefined ? configuration(setup) : federated(setup, federation);
      await writeFile(join(place.folder, "ejabberd.yml"), text);
      await writePrivately(place.folder, "accounts.erl", accounts(setup.address, password));
    },
    // Its working directory is the folder.
    arguments: () => [
      ...["-noinput", ...erlangOptions, "-mnesia", "dir", '"mnesia"'],
      ...["-s", "ejabberd", "-eval", 'ok = file:eval("accounts.erl")'],
    ],
    environment: {
      EJABBERD_CONFIG_PATH: "ejabberd.yml",
      EJABBERD_LOG_PATH: "ejabberd.log",
      ERL_CRASH_DUMP_BYTES: "0",
      ERL_LIBS: librariesOf(script) ?? "",
    },
    addresses: () => xmppAddresses(setup, password, paths),
    certificate: () => setup.certificate,
    answers: (place) => offersLogin(place, setup.address, hasAccounts),
    portTaken: /eaddrinuse|address already in use/i,
    startMsMax: 180_000,
    // What it keeps is removed anyway.
    stopMsMax: 1000,
  };
};

/** The folder that has its libraries, as its script says. */
const librariesOf = (script: string): string | undefined =>
  /^(?:export )?ERL_LIBS=['"]?([^'"\n]+)/m.exec(readFileSync(script, "utf8"))?.[1];

export const ejabberd = {
  name: "ejabberd",
  role: "XMPP server",
  used: true,
  find: ["ejabberdctl"],
  /** `ejabberdctl` asks a server that runs. The version is in the name of the library its script starts one from. */
  version(found) {
    const libraries = librariesOf(found);
    const names = libraries === undefined ? [] : readdirSync(libraries).sort();
    return names.flatMap((name) => /^ejabberd-(\d[\w.]*)/.exec(name)?.[1] ?? [])[0];
  },
  install: { apt: ["ejabberd"], brew: ["ejabberd"] },
  serves: xmppServes,
  federates: { configuration: federated(setupInWords, federationInWords) },
  configuration: configuration(setupInWords),
  start: (script, { federation, ...options }) =>
    startPrivately(recipeFor(script, federation), { ...options, executable: findExecutable(["erl"]) ?? "erl" }),
} satisfies Program;
