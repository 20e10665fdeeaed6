/** Our clients against servers that others wrote: one of the two directions of interoperability. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { trustCertificate } from "../../clients/connection/trust.ts";
import { programs } from "../../servers/programs/programs.ts";
import { ProgramPool } from "../rigs/program-pool.ts";
import { clientsOf, protocolNamed } from "../targets/protocols.ts";
import { parseTarget } from "../targets/target.ts";
import { hasProgram } from "../testing.ts";
import { cases } from "./cases.ts";
import { checkConformance } from "./suite.ts";

const pool = new ProgramPool();
after(() => pool[Symbol.asyncDispose]());

/** In clear, encrypted from the first byte, and upgraded, where there is that. */
const ways: Readonly<Record<string, readonly string[]>> = {
  xmpp: ["", "+tls", "+tls=starttls"],
  "xmpp-websocket": ["", "+tls"],
  bosh: ["", "+tls"],
};

for (const { name: server, serves = {} } of programs) {
  for (const [name, urlOf] of Object.entries(serves)) {
    for (const way of ways[name]!) {
      test(`${name}${way}@${server} passes every case of a server that echoes`, { timeout: 600_000 }, async (t) => {
        if (!hasProgram(t, server)) return;
        const running = await pool.program(server);
        trustCertificate(running.certificate);
        const { options } = parseTarget(`${name}${way}@${server}`);
        const protocol = protocolNamed(name);
        for (const [, client] of clientsOf(protocol)) {
          const target = { url: urlOf(running, options), foreign: true, options };
          const results = await checkConformance({ ...protocol, client }, target);
          assert.deepEqual(
            results.filter(({ outcome }) => outcome === "failed"),
            [],
          );
          const passed = results.filter(({ outcome }) => outcome === "passed");
          assert.equal(passed.length, cases.filter((each) => each.server !== "scripted").length);
        }
      });
    }
  }
}
