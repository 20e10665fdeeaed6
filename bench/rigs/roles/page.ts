/** Asks a server for echoes from a page in a browser that runs already. */
import { fromJson, toJson } from "../../../clients/page/http/json-message.ts";
import { WirebenchError } from "../../../protocol/errors.ts";
import { learnSecrets } from "../../../protocol/secrets.ts";
import { DevTools } from "./page/devtools.ts";
import { type AskedFor, type EchoReport, reportOf, scriptOf } from "./page/echoes.ts";
import { pageAnswer, pagePattern, pageUrls } from "./page/page-modules.ts";
import type { PageOrder, PageReport } from "./page/page-user.ts";
import type { Role } from "./role.ts";

export interface PageRoleOrder extends AskedFor {
  /** Where it can be driven. */
  readonly browserUrl: string;
}

export const page: Role<PageRoleOrder, EchoReport> = {
  name: "page",
  async run({ browserUrl, ...asked }) {
    learnSecrets(asked.url);
    const script = scriptOf(asked);
    const { url, protocol, options, waitMs } = asked;
    const order: PageOrder = {
      url,
      options,
      inTurn: script.inTurn.map(toJson),
      atOnce: script.atOnce.map(toJson),
      waitMs,
    };
    const { echoes, roundTripsMs, clockStepMs } = await inPage(browserUrl, protocol, order);
    const report = reportOf(
      script,
      echoes.map(fromJson),
      roundTripsMs.map((ms) => ms * 1e6),
    );
    return { ...report, clockStepUs: clockStepMs * 1000 };
  },
};

/** Without them a browser keeps the clock of a page coarser still (High Resolution Time section 8.1). */
const isolatingHeaders = [
  { name: "cross-origin-opener-policy", value: "same-origin" },
  { name: "cross-origin-embedder-policy", value: "require-corp" },
];

/**
 * The page lies on the origin of the server without the server's doing: what it consists of is put in place of answers, and
 * from then on nothing stands between the two.
 */
async function inPage(browserUrl: string, protocol: string, order: PageOrder): Promise<PageReport> {
  const { page, module } = pageUrls(order.url);
  using browser = await DevTools.connect(browserUrl);
  const { browserContextId } = await browser.call("Target.createBrowserContext", { disposeOnDetach: true });
  const { targetId } = await browser.call("Target.createTarget", { url: "about:blank", browserContextId });
  const { sessionId } = await browser.call("Target.attachToTarget", { targetId, flatten: true });
  const call = (method: string, params?: Record<string, unknown>) => browser.call(method, params, String(sessionId));
  browser.on("Fetch.requestPaused", ({ requestId, request }) => {
    const answer = pageAnswer((request as { url: string }).url);
    const responseHeaders = [{ name: "content-type", value: answer?.type ?? "text/plain" }, ...isolatingHeaders];
    const body = Buffer.from(answer?.body ?? "").toString("base64");
    // What went wrong is told by the page, which misses it.
    call("Fetch.fulfillRequest", {
      requestId,
      responseCode: answer === undefined ? 404 : 200,
      responseHeaders,
      body,
    }).catch(() => {});
  });
  const loaded = new Promise<void>((resolve) => browser.on("Page.loadEventFired", () => resolve()));
  await call("Page.enable");
  // A certificate made for this trial is nobody's whom a browser trusts.
  await call("Security.setIgnoreCertificateErrors", { ignore: true });
  await call("Fetch.enable", { patterns: [{ urlPattern: pagePattern }] });
  await call("Page.navigate", { url: page });
  await browser.unlessEnded(loaded);
  /** Calls what the module exports. */
  const ask = async (name: "load" | "askForEchoes", argument: unknown): Promise<unknown> => {
    const { result, exceptionDetails } = await call("Runtime.evaluate", {
      expression: `import(${JSON.stringify(module)}).then((user) => user.${name}(${JSON.stringify(argument)}))`,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails === undefined) return (result as { value: unknown }).value;
    const { text, exception } = exceptionDetails as { text: string; exception?: { description?: string } };
    throw new WirebenchError("connect-failed", `in the page: ${exception?.description ?? text}`);
  };
  await ask("load", protocol);
  await call("Fetch.disable");
  const report = await ask("askForEchoes", order);
  await browser.call("Target.disposeBrowserContext", { browserContextId });
  return report as PageReport;
}
