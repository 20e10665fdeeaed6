/** A stream that is being opened, for the first time or again: a promise that the other side settles. */
export class Opening {
  #waiting: { readonly resolve: () => void; readonly reject: (cause: Error) => void } | undefined;
  #failure: Error | undefined;

  /** Resolves when `done` is called next; rejects when `fail` is, or has been. */
  begun(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure === undefined) this.#waiting = { resolve, reject };
      else reject(this.#failure);
    });
  }

  done(): void {
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }

  /** Only the first call counts. */
  fail(cause: Error): void {
    this.#failure ??= cause;
    this.#waiting?.reject(this.#failure);
    this.#waiting = undefined;
  }
}
