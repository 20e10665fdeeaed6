/**
 * URL of the module `name`, without its extension, in the folder of the module with the URL `beside`, for a new process
 * or thread. The checkout runs TypeScript, the published package JavaScript; the extension follows that of `beside`.
 */
export const siblingModule = (name: string, beside: string): URL =>
  new URL(`./${name}.${beside.endsWith(".ts") ? "ts" : "js"}`, beside);
