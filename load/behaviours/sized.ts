import { seededRandom } from "../../protocol/random.ts";
import { countedBehaviour } from "./counted.ts";
import type { MeasuredBehaviour } from "./measured-behaviour.ts";

export interface SizedOrder {
  /** Of what was asked for, to send less than there should be. Absent: all of it. */
  readonly share?: number;
}

/** No wire escapes them, and no compression takes off more than a quarter: six bits of eight are drawn. */
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const bytesMax = 1024 * 1024;

/** Answers a number with a text of so many bytes. */
export function sizedBehaviour({ share = 1 }: SizedOrder = {}): MeasuredBehaviour {
  const random = seededRandom(1);
  const text = Array.from({ length: bytesMax }, () => letters[Math.floor(random() * letters.length)]).join("");
  return countedBehaviour((handled) => (connection) => ({
    message(payload) {
      handled();
      const bytes = Number(payload);
      if (Number.isInteger(bytes) && bytes > 0 && bytes <= bytesMax)
        connection.send(text.slice(0, Math.ceil(bytes * share)));
      else connection.close();
    },
    closed() {},
  }));
}
