import type { Layer } from "../../../results/contract/capture.ts";

/** Bytes that stand together, with what they are. */
export interface Part {
  readonly layer: Layer;
  readonly what: string;
  readonly bytes: Buffer;
}
