/** What one message and its echo take on the wire, layer by layer and direction by direction. */
import { entries, type MetricEntry } from "./metric.ts";

const unseen = "it cannot be told apart from what else is encrypted; the same target without TLS shows it";

const ofDirection = <const Prefix extends "up" | "down">(prefix: Prefix, title: string, whose: string) => ({
  ...entries({ unit: "bytes", topic: "cost", better: "lower", absence: unseen }, [
    [
      `${prefix}FramingBytes`,
      `framing ${title}`,
      `bytes ${whose} that the protocol puts around one payload: headers, masks, chunks, JSON, XML, and what base64 adds`,
    ],
    [`${prefix}HttpBytes`, `HTTP ${title}`, `bytes ${whose} of heads of HTTP requests or responses`],
  ] as const),
  ...entries({ unit: "bytes", topic: "cost", better: "lower", absence: "a TLS handshake is among the bytes" }, [
    [`${prefix}TlsBytes`, `TLS ${title}`, `bytes ${whose} of TLS 1.3 records beyond what is in them, 22 each`],
    [
      `${prefix}TcpIpBytes`,
      `TCP/IP ${title}`,
      `40 B ${whose} for each segment (20 IPv4, RFC 791, and 20 TCP, RFC 9293, without options), of as few segments of 1,460 B as carry that much; by arithmetic, acknowledgements left out`,
    ],
    [`${prefix}WireBytes`, `on the wire ${title}`, `all bytes ${whose} of one message and its echo, payload included`],
  ] as const),
  ...entries({ unit: "ratio", topic: "cost", better: "lower", compared: true, absence: "nothing was heard" }, [
    [`${prefix}WireOverPayloadRatio`, `wire over payload ${title}`, `all bytes ${whose} over those of the payload`],
  ] as const),
});

export const layerMetrics = {
  ...ofDirection("up", "up", "to the server"),
  ...ofDirection("down", "down", "from the server"),
} satisfies Record<string, MetricEntry>;
