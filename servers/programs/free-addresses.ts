import { once } from "node:events";
import { createServer } from "node:net";
import { nowNs } from "../../protocol/clock.ts";
import { WirebenchError } from "../../protocol/errors.ts";
import { seededRandom } from "../../protocol/random.ts";

const tries = 20;

/**
 * Loopback addresses, all different, where a port was free a moment ago: for servers whose port nobody can choose. They are
 * drawn, so that runs side by side do not meet. Rejects with `component-missing` where there are none: another program has
 * the port at every address, or the system has one loopback address only (macOS).
 */
export async function freeAddresses(count: number, port: number): Promise<string[]> {
  const random = seededRandom(process.pid, nowNs() % 2 ** 32);
  // Three digits each: as many characters in every run, so that messages are as long.
  const part = (): number => 100 + Math.floor(random() * 100);
  const found = new Set<string>();
  let reason = "";
  for (let drawn = 0; found.size < count; drawn++) {
    if (drawn === count + tries) {
      throw new WirebenchError("component-missing", `no loopback address has its port ${port} free: ${reason}`, {
        hint: "end what listens there at all addresses; a system with one loopback address cannot do it",
      });
    }
    const address = `127.${part()}.${part()}.${part()}`;
    const failure = await failureToListen(address, port);
    if (failure === undefined) found.add(address);
    else reason = failure;
  }
  return [...found];
}

async function failureToListen(address: string, port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen(port, address);
    await once(server, "listening");
    await once(server.close(), "close");
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}
