import { formatList, formatQuantity } from "../quantities/format.ts";
import { type Claim, evidenceOf, present, type Seen, seenOf, unmeasured, valueInWords } from "./claim.ts";
import { apart } from "./compared.ts";

const target = "websocket";
const sizes = [
  ["40 B", 40],
  ["65,536 B", 65_536],
] as const;
const scenario = "wire";

export const wsTextBinary: Claim = {
  id: "ws-text-binary",
  statement: "WebSocket carries text and binary alike.",
  about: "WebSocket itself",
  needs: [
    {
      experiment: scenario,
      targets: [target],
      variants: sizes.flatMap(([size]) => [`text, ${size}`, `binary, ${size}`]),
      counts: true,
    },
  ],
  flipsAt: "a payload that takes more bytes as binary than as text",
  decide(results) {
    const bytesOf = (form: string, size: string, metric: "upWireBytes" | "downWireBytes"): Seen | undefined =>
      seenOf(results, metric, { scenario, target, variant: `${form}, ${size}` }, `${form}, ${size}`);
    const pairs = sizes.flatMap(([size, bytes]) =>
      (["upWireBytes", "downWireBytes"] as const).flatMap((metric) => {
        const [binary, text] = [bytesOf("binary", size, metric), bytesOf("text", size, metric)];
        return binary === undefined || text === undefined ? [] : [{ bytes, binary, text, ...apart(binary, text) }];
      }),
    );
    if (pairs.length === 0) return unmeasured("no cell sent the same payload as text and as binary");
    const evidence = evidenceOf(...pairs.map(({ binary, text }) => [binary, text]));
    const dearer = pairs.filter(({ low, high }) => low !== 1 || high !== 1);
    if (dearer.length === 0) {
      const { bytes, binary } = pairs.at(-1)!;
      const size = formatQuantity(bytes, "bytes");
      return { verdict: "holds", inShort: `${size} take ${valueInWords(binary)}, text or binary`, evidence };
    }
    const same = present(...new Set(pairs.map(({ bytes }) => bytes))).filter((bytes) =>
      dearer.every((pair) => pair.bytes !== bytes),
    );
    if (same.length === 0) return { verdict: "does-not-hold", evidence };
    const alike = formatList(same.map((bytes) => formatQuantity(bytes, "bytes")));
    const { bytes, binary, text } = dearer.at(-1)!;
    const times = formatQuantity(binary.value / text.value, "ratio");
    return {
      verdict: "holds-when",
      when: `a payload has ${alike}, but not with every other size`,
      inShort: `at ${formatQuantity(bytes, "bytes")} binary is ${times} text`,
      evidence,
    };
  },
};
