/** How much was published and arrived between the first and the last instant of the windows of traffic. */
export class TrafficWindows {
  #current: { startNs: number; endNs: number } | undefined;
  #lengthNs = 0;
  #published = 0;
  #delivered = 0;

  begin(startNs: number, endNs: number): void {
    this.#current = { startNs, endNs };
  }

  /** At the planned end, or sooner. */
  end(atNs: number): void {
    if (this.#current === undefined) return;
    const { startNs, endNs } = this.#current;
    this.#lengthNs += Math.max(0, Math.min(atNs, endNs) - startNs);
    this.#current = undefined;
  }

  published(atNs: number): void {
    if (this.#covers(atNs)) this.#published++;
  }

  delivered(atNs: number): void {
    if (this.#covers(atNs)) this.#delivered++;
  }

  /** 0 before a window is over. */
  rates(): { publishedPerSecond: number; deliveriesPerSecond: number } {
    const seconds = this.#lengthNs / 1e9;
    const rate = (count: number): number => (seconds === 0 ? 0 : count / seconds);
    return { publishedPerSecond: rate(this.#published), deliveriesPerSecond: rate(this.#delivered) };
  }

  #covers(atNs: number): boolean {
    return this.#current !== undefined && atNs >= this.#current.startNs && atNs < this.#current.endNs;
  }
}
