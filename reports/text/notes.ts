import { bullets, superscript } from "./markdown.ts";

/** Numbered remarks under a table; the same remark keeps its number. */
export class Notes {
  readonly #texts: string[] = [];

  /** The mark that refers to this remark, e.g. `²`. */
  mark(text: string): string {
    const index = this.#texts.indexOf(text);
    return superscript(index < 0 ? this.#texts.push(text) : index + 1);
  }

  /** Empty when there is nothing to remark. */
  render(): string {
    return bullets(this.#texts.map((text, index) => `${superscript(index + 1)} ${text}`));
  }
}
