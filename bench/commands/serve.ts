import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { echoBehaviour } from "../../load/behaviours/echo.ts";
import { defaultLimits } from "../../protocol/contract.ts";
import { describeError, WirebenchError } from "../../protocol/errors.ts";
import { parseCount } from "../../protocol/units.ts";
import { protocolNamed, protocolNames } from "../targets/protocols.ts";
import type { Target } from "../targets/target.ts";
import { argument } from "./argument.ts";
import { givenTargets } from "./given-targets.ts";
import { interruptSignal } from "./interrupt.ts";

const examples = `
Examples:
  wirebench serve websocket --port 9001     then: wirebench run websocket=ws://127.0.0.1:9001/
  wirebench serve sse                       on a free port, which is printed
  wirebench serve websocket+tls             with a certificate made at start, in a file that is named`;

export function serveCommand(): Command {
  return new Command("serve")
    .description("run one protocol's echo server until Ctrl-C")
    .argument("<target>", `one of ${protocolNames.join(", ")}`)
    .option(
      "-p, --port <port>",
      "port to listen on; 0 takes a free one",
      argument((text) => parseCount(text, 0)),
      0,
    )
    .option("--host <address>", "address to bind; anything but loopback opens the server to others", "127.0.0.1")
    .addHelpText("after", examples)
    .action(serve);
}

async function serve(targetText: string, { port, host }: { port: number; host: string }): Promise<void> {
  const [target] = givenTargets([targetText]) as [Target];
  if (target.system.kind !== "embedded") {
    throw new WirebenchError("usage", `serve starts a server itself: expected a protocol, got "${targetText}"`);
  }
  if (port > 65_535) throw new WirebenchError("usage", `expected a port from 0 to 65535, got ${port}`);
  using interrupt = interruptSignal("Stopping.");
  const { behaviour } = echoBehaviour();
  const server = await protocolNamed(target.protocol)
    .server.listen({ host, port, behaviour, limits: defaultLimits, options: target.options })
    .catch((error) => {
      throw new WirebenchError("usage", `cannot listen on ${host}:${port}: ${describeError(error)}`, { cause: error });
    });
  // As bytes, which nothing masks: a login in it is this server's own and of no use without it.
  process.stdout.write(Buffer.from(`${target.protocol}=${server.url}\n`));
  process.stderr.write(
    Buffer.from(`Echoing. Measure it with: wirebench run ${target.protocol}=${server.url}\nCtrl-C ends it.\n`),
  );
  await using cleanUp = new AsyncDisposableStack();
  if (server.certificate !== undefined) {
    const { path: folder } = cleanUp.use(await mkdtempDisposable(join(tmpdir(), "wirebench-serve-")));
    const file = join(folder, "certificate.pem");
    await writeFile(file, server.certificate);
    process.stderr.write(
      `Its certificate, for localhost and loopback addresses, is ${file} as long as it runs: a client must trust it,` +
        ` wirebench and any other Node.js program by NODE_EXTRA_CA_CERTS=${file}\n`,
    );
  }
  await new Promise((resolve) => interrupt.signal.addEventListener("abort", resolve, { once: true }));
  await server.close();
}
