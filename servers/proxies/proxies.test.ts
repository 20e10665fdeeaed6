import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { proxies } from "./proxies.ts";
import { tlsFilesInWords } from "./proxy.ts";

describe("the configuration of a proxy", () => {
  for (const { program, settings, render } of proxies) {
    const every = settings.map(({ name }) => name);
    const written = (names: readonly string[], timeScale = 1): string[] =>
      render({ routes: [{ port: "PORT", settings: names }], server: "127.0.0.1:9", timeScale }).split("\n");

    it(`of ${program.name} has a comment before each setting, and no long lines`, () => {
      const shipped = written([]);
      const added = written(every).filter((line) => !shipped.includes(line));
      assert.ok(added.length >= 2 * settings.length);
      assert.ok(added.filter((line) => line.trim().startsWith("#")).length >= settings.length);
      assert.deepEqual(
        written(every, 50).filter((line) => line.length > 120),
        [],
      );
    });

    it(`of ${program.name} says that its time-outs are scaled where they are`, () => {
      const scaled = written([], 50).filter((line) => !written([]).includes(line));
      assert.match(scaled.join("\n"), /so that nobody waits/);
    });

    it(`of ${program.name} ends TLS on every way where it ends it at all`, () => {
      const routes = every.map((name, index) => ({ port: `PORT${index}`, settings: [name] }));
      const text = render({ routes, server: "127.0.0.1:9", timeScale: 1, tls: tlsFilesInWords });
      const listening = text.match(/^.*127\.0\.0\.1:PORT.*$/gm) ?? [];
      assert.equal(listening.length, routes.length);
      for (const line of listening) assert.match(line, / ssl\b/);
      assert.match(text, /CERTIFICATE/);
      assert.doesNotMatch(written(every).join("\n"), /CERTIFICATE| ssl\b/);
    });

    it(`of ${program.name} refuses a setting that there is not`, () => {
      assert.throws(() => written(["option nonsense"]), /no setting is called/);
    });
  }
});
