/** A profile from its file to a decision, on real sockets. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { RunningCli, temporaryFolder } from "../running-cli.ts";
import { unlessDisturbed } from "../undisturbed.ts";

const brief = ["--trials", "1", "--duration", "1s", "--connections", "20", "--idle-connections", "10"];

const mine = `title: Mine
users: 500
up: {rate: 1/s, sizes: {100B: 50%, 1KiB: 50%}}
down: {rate: 2/s, sizes: {300B: 100%}}
fanOut: 4
session: 1h
feels: down
needs: [login, resume]
pollInterval: 50ms
`;

test("profile measures a file over several protocols and ends with a decision, which other weights change", (t) =>
  unlessDisturbed(t, async (saw) => {
    using folder = temporaryFolder();
    const file = join(folder.path, "mine.yaml");
    writeFileSync(file, mine);
    const out = join(folder.path, "out");
    const cli = new RunningCli(["profile", file, "websocket", "short-polling", "xmpp", ...brief, "--out", out]);
    const code = await cli.exitCode();
    const results = JSON.parse(readFileSync(join(out, "results.json"), "utf8")) as ReturnType<typeof folder.results>;
    saw(results);
    // A machine too busy for a valid number (exit code 4) says nothing against the command.
    assert.ok(code === 0 || code === 4, cli.stderr + cli.stdout);
    assert.match(cli.stdout, /^Weights +delay 2, tail 1, bytes 1, cpu 1, memory 1, build 1\.$/m);
    assert.match(cli.stdout, /20 of 500 users/);
    const cells = results.cells.filter(({ scenario }) => scenario === "profile");
    assert.deepEqual(
      cells.map(({ target, state }) => [target, state]),
      [
        ["websocket", "measured"],
        ["short-polling", "measured"],
        ["xmpp", "measured"],
      ],
    );
    const bytesOf = (target: string): number => {
      const found = cells.find((cell) => cell.target === target)!;
      return found.state === "measured" ? found.trials[0]!.measures.wireBytesPerUserHour! : Number.NaN;
    };
    // One message up, of 562 B in the middle, and two down each second, and what carries them.
    const payload = 3600 * (562 + 2 * 300);
    assert.ok(bytesOf("websocket") > 0.95 * payload && bytesOf("websocket") < 1.1 * payload, `${bytesOf("websocket")}`);
    assert.ok(bytesOf("short-polling") > bytesOf("websocket") + 3600 * 20 * 100, "20 polls a second are in it");
    for (const cell of cells) {
      assert.ok(cell.state === "measured" && cell.predictions.every(({ verdict }) => verdict === "held"), cell.target);
    }

    const again = new RunningCli([
      "profile",
      "--from",
      join(out, "results.json"),
      "--weights",
      "delay=0,tail=0,bytes=0,cpu=0,memory=0,build=9",
    ]);
    assert.equal(await again.exitCode(), 0, again.stderr);
    assert.match(again.stdout, /^Choose +XMPP leads, but fewer than 3 trials cannot tell, for Mine\.$/m);
  }));

const mistakes: [string[], RegExp][] = [
  [["profile"], /expected a profile: chat, editor, email, feed, game, market, scores, search, or a file/],
  [["profile", "chess"], /unknown profile "chess"/],
  [["profile", "chat", "tcp", "tcp"], /target tcp is given twice/],
  [["profile", "chat", "--weights", "speed=1"], /--weights.*unknown weight "speed"/],
  [["profile", "chat", "--weights", "delay=0,tail=0,bytes=0,cpu=0,memory=0,build=0"], /at least one weight above 0/],
  [["profile", "chat", "--link", "5g"], /--link.*unknown link "5g"/],
  [["profile", "--from", "reports/sample/results.json"], /has no measured profile/],
  [["profile", "package.json"], /package\.json, line \d+, [a-z]+: /],
];

for (const [args, message] of mistakes) {
  test(`wirebench ${args.join(" ")} ends with exit code 2 and says what is wrong`, async () => {
    const cli = new RunningCli(args);
    assert.equal(await cli.exitCode(), 2);
    assert.match(cli.stderr, message);
    assert.equal(cli.stdout, "");
  });
}
