/** Bytes as programmers read them: 16 a line, in hexadecimal and, where they are ASCII, as letters. */
const bytesPerLine = 16;

/** `hex` is two digits a byte. */
export function hexDump(hex: string): string[] {
  const bytes = hex.match(/../g) ?? [];
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += bytesPerLine) {
    const own = bytes.slice(at, at + bytesPerLine);
    const letters = own.map((byte) => letterOf(Number.parseInt(byte, 16))).join("");
    lines.push(`${own.join(" ").padEnd(bytesPerLine * 3 - 1)}  ${letters}`);
  }
  return lines;
}

const letterOf = (byte: number): string => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".");
