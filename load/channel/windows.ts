/** How much was published and arrived between the first and the last instant of the windows of traffic. */
export class TrafficWindows {
  /** The latest last. */
  readonly #windows: { readonly startNs: number; endNs: number }[] = [];
  #isOpen = false;
  #published = 0;
  #delivered = 0;

  begin(startNs: number, endNs: number): void {
    this.#windows.push({ startNs, endNs });
    this.#isOpen = true;
  }

  /** At the planned end, or sooner. What happened before may still be told afterwards. */
  end(atNs: number): void {
    const window = this.#windows.at(-1);
    if (!this.#isOpen || window === undefined) return;
    this.#isOpen = false;
    window.endNs = Math.max(window.startNs, Math.min(atNs, window.endNs));
  }

  published(atNs: number): void {
    if (this.#covers(atNs)) this.#published++;
  }

  delivered(atNs: number): void {
    if (this.#covers(atNs)) this.#delivered++;
  }

  /** 0 before a window is over. */
  rates(): { publishedPerSecond: number; deliveriesPerSecond: number } {
    const over = this.#isOpen ? this.#windows.slice(0, -1) : this.#windows;
    const seconds = over.reduce((sum, { startNs, endNs }) => sum + endNs - startNs, 0) / 1e9;
    const rate = (count: number): number => (seconds === 0 ? 0 : count / seconds);
    return { publishedPerSecond: rate(this.#published), deliveriesPerSecond: rate(this.#delivered) };
  }

  #covers(atNs: number): boolean {
    for (let index = this.#windows.length - 1; index >= 0; index--) {
      const { startNs, endNs } = this.#windows[index]!;
      if (atNs >= startNs) return atNs < endNs;
    }
    return false;
  }
}
