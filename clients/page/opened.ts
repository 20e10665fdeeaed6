/** Resolves when a WebSocket, or an event stream, is open. A browser does not tell a page why one would not open. */
export const opened = (source: EventTarget): Promise<void> =>
  new Promise((resolve, reject) => {
    source.addEventListener("open", () => resolve());
    source.addEventListener("error", () => reject(new Error("the browser could not connect")));
  });
