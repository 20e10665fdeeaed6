/**
 * Calls `silent`, once, when nothing was heard for so long; `closed` ends the watch. What it returns is to be called whenever
 * something is heard.
 */
export function watchSilence(patienceMs: number, closed: Promise<unknown>, silent: (why: string) => void): () => void {
  let heard = 0;
  const timer = setTimeout(() => {
    const before = heard;
    // It may lie in a socket that a busy process has not read: timers run first, then sockets are read, then this.
    setImmediate(() => {
      if (heard === before) silent(`nothing was heard for ${patienceMs} ms`);
      else timer.refresh();
    });
  }, patienceMs);
  void closed.then(() => clearTimeout(timer));
  return () => {
    heard++;
    timer.refresh();
  };
}
