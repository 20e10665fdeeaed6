/** A private Prosody: prosody.im/doc/configure. */
import { readFileSync } from "node:fs";
import { link, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { scramIterationsMin } from "../../protocol/options/scram-iterations.ts";
import { type ProgramPlace, type ProgramRecipe, startPrivately } from "./private-program.ts";
import type { Program } from "./program.ts";
import type { Federation } from "./running-program.ts";
import { scramKeys } from "./scram-keys.ts";
import {
  accountName,
  asksForProof,
  certificateFile,
  federationInWords,
  keyFile,
  newPassword,
  numberedAccounts,
  serverPort,
  setupFor,
  setupInWords,
  stanzaBytesMax,
  users,
  type XmppSetup,
  xmppAddresses,
  xmppServes,
} from "./xmpp-setup.ts";

const paths = { websocket: "/xmpp-websocket", bosh: "/http-bind" };

/** It offers TLS within a stream by domain, not by port: of this one. As long as the address that is the other domain. */
const starttlsDomain = "localhost";

/** Folder of its data, in the folder of this start. */
const data = "data";

const common = ({
  folder,
  address,
  ports,
}: XmppSetup): string => `-- A process of its own in the foreground, whoever starts it.
daemonize = false
run_as_root = true
data_path = "${folder}/${data}"
log = { warn = "*console" }

-- It sets TCP_NODELAY.
network_backend = "epoll"
interfaces = { "${address}" }
c2s_ports = { ${ports.plain} }
c2s_stanza_size_limit = ${stanzaBytesMax}
certificates = "${folder}"
ssl = { certificate = "${folder}/${certificateFile}", key = "${folder}/${keyFile}" }

-- What is kept of a password are keys of SCRAM; PLAIN is offered over TLS only.
authentication = "internal_hashed"
default_iteration_count = ${scramIterationsMin}
`;

/** For clients on any binding. */
const configuration = (setup: XmppSetup): string => {
  const { address, ports } = setup;
  return `${common(setup)}
-- What a login and a message take. Not there: limits (Debian has 10 kB/s for each client), an archive, carbon copies,
-- stream management. Disabled, since they are there by default: other servers, and keeping messages for the absent.
modules_enabled = { "roster", "saslauth", "disco", "ping", "posix", "bosh", "websocket" }
modules_disabled = { "s2s", "offline" }

c2s_require_encryption = false
c2s_direct_tls_ports = { ${ports.directTls} }
http_ports = { ${ports.http} }
https_ports = { ${ports.https} }
http_interfaces = { "${address}" }
https_interfaces = { "${address}" }
http_default_host = "${address}"
http_max_content_size = ${stanzaBytesMax}
consider_websocket_secure = true
consider_bosh_secure = true

VirtualHost "${address}"
VirtualHost "${starttlsDomain}"
  modules_enabled = { "tls" }

Component "rooms.${address}" "muc"
Component "rooms.${starttlsDomain}" "muc"
`;
};

/** For clients on TCP and other servers: domains are addresses, so none is looked up in DNS. */
const federated = (setup: XmppSetup, { certificate, behind = serverPort }: Federation): string => `${common(setup)}
modules_enabled = { "roster", "saslauth", "disco", "ping", "posix", "dialback", "s2s_bidi"${certificate ? ', "tls"' : ""} }
modules_disabled = { "offline" }
s2s_ports = { ${behind} }
s2s_stanza_size_limit = ${stanzaBytesMax}
-- Servers prove who they are by dialback: nobody vouches for a certificate made here.
c2s_require_encryption = false
s2s_require_encryption = ${certificate !== undefined}
s2s_secure_auth = false

VirtualHost "${setup.address}"
`;

const recipeFor = (federation: Federation | undefined): ProgramRecipe => {
  const [password, salt] = [newPassword(), newPassword()];
  let setup: XmppSetup & { readonly certificate?: string } = setupInWords;
  return {
    name: "prosody",
    scheme: "xmpp",
    ...(federation && { address: federation.address }),
    async prepare(place) {
      setup = await setupFor(place, federation);
      const text = federation === undefined ? configuration(setup) : federated(setup, federation);
      await writeFile(join(place.folder, "prosody.cfg.lua"), text);
      await writeAccounts(place, setup.address, { password, salt });
    },
    arguments: ({ folder }) => ["--config", join(folder, "prosody.cfg.lua"), "-F"],
    addresses: () => {
      const starttls = `xmpp://${users}%40${starttlsDomain}:${password}@${setup.address}:${setup.ports.plain}/`;
      return { ...xmppAddresses(setup, password, paths), starttls };
    },
    // It proves who it is by the salt of these accounts, which no other server has.
    certificate: () => setup.certificate,
    answers: (place) => asksForProof(place, setup.address, salt),
    portTaken: /Failed to open server port .* (in use|using this port|not already)/,
    startMsMax: 60_000,
    stopMsMax: 1000,
  };
};

/** A folder by domain, a file by account (util/datamanager.lua); all have the same keys, so all can be one file. */
async function writeAccounts(
  { folder }: ProgramPlace,
  domain: string,
  { password, salt }: { readonly password: string; readonly salt: string },
): Promise<void> {
  const inFileName = (text: string): string =>
    text.replace(/[^a-z0-9]/gi, (one) => `%${one.charCodeAt(0).toString(16)}`);
  // They may be there, from a start with a port that was taken.
  await rm(join(folder, data), { recursive: true, force: true });
  const accounts = join(folder, data, inFileName(domain), "accounts");
  await mkdir(accounts, { recursive: true });
  await symlink(inFileName(domain), join(folder, data, starttlsDomain));
  const { storedKey, serverKey } = await scramKeys(password, salt, scramIterationsMin);
  const fields = {
    salt: `"${salt}"`,
    iteration_count: scramIterationsMin,
    stored_key: `"${storedKey.toString("hex")}"`,
    server_key: `"${serverKey.toString("hex")}"`,
  };
  const lines = Object.entries(fields).map(([name, value]) => `  ["${name}"] = ${value};\n`);
  const first = join(accounts, `${accountName}.dat`);
  await writeFile(first, `return {\n${lines.join("")}};\n`, { mode: 0o600 });
  const others = Array.from({ length: numberedAccounts }, (_, index) => join(accounts, `user${index}.dat`));
  await Promise.all(others.map((other) => link(first, other)));
}

export const prosody = {
  name: "prosody",
  role: "XMPP server",
  used: true,
  find: ["prosody"],
  /** Whatever it is asked, Prosody 0.12 starts to serve. Its script names the folder that has a file with the version. */
  version(found) {
    const folder = /^CFG_SOURCEDIR='(.+)'/m.exec(readFileSync(found, "utf8"))?.[1];
    return folder && readFileSync(join(folder, "prosody.version"), "utf8").trim();
  },
  install: { apt: ["prosody"], brew: ["prosody"] },
  serves: xmppServes,
  federates: { configuration: federated(setupInWords, federationInWords) },
  configuration: configuration(setupInWords),
  start: (executable, { federation, ...options }) => startPrivately(recipeFor(federation), { ...options, executable }),
} satisfies Program;
