import type { Part } from "./part.ts";

/** Frames of RFC 6455 section 5.2, one after the other; what a mask hides is told by what it would be without. */
export function webSocketParts(bytes: Buffer, inner: (carried: Buffer) => Part[]): Part[] {
  const parts: Part[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const short = bytes[at + 1]! & 0x7f;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    const maskAt = at + 2 + lengthBytes;
    const dataAt = maskAt + ((bytes[at + 1]! & 0x80) === 0 ? 0 : 4);
    if (dataAt > bytes.length) return [...parts, { layer: "framing", what: "rest", bytes: bytes.subarray(at) }];
    const length =
      lengthBytes === 0
        ? short
        : lengthBytes === 2
          ? bytes.readUInt16BE(at + 2)
          : Number(bytes.readBigUInt64BE(at + 2));
    const mask = bytes.subarray(maskAt, dataAt);
    parts.push({
      layer: "framing",
      what: "frame header: flags, type and length",
      bytes: bytes.subarray(at, maskAt),
    });
    parts.push({ layer: "framing", what: "mask", bytes: mask });
    const data = bytes.subarray(dataAt, dataAt + length);
    let from = 0;
    for (const part of inner(unmasked(data, mask))) {
      const to = from + part.bytes.length;
      const what = mask.length === 0 ? part.what : `${part.what}, masked`;
      parts.push({ ...part, what, bytes: data.subarray(from, to) });
      from = to;
    }
    at = dataAt + length;
  }
  return parts;
}

const unmasked = (data: Buffer, mask: Buffer): Buffer =>
  mask.length === 0 ? data : Buffer.from(data.map((byte, index) => byte ^ mask[index % 4]!));
