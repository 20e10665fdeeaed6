import type { Options } from "../contract.ts";
import { isOn, switchOption } from "./switch.ts";

/**
 * Requests carry the header fields that a browser adds by itself, several times as long as those of a bare program: what
 * a page pays for a request. Which, says the data they are taken from (`clients/http/browser-headers.ts`).
 */
export const browserHeaders = switchOption({
  name: "browser-headers",
  summary: "requests carry the header fields that a page in Chrome sends",
  title: "with a browser's headers",
});

export const sendsBrowserHeaders = (options: Options | undefined): boolean => isOn(browserHeaders, options);
