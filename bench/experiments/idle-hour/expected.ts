/** What is predicted of silent users, from the specifications. */
import { closesConnections } from "../../../protocol/options/close.ts";
import { tlsMode } from "../../../protocol/options/tls.ts";
import { type Target, traitsOf } from "../../targets/target.ts";
import { isPlainlySpoken } from "../comparison/opening-steps.ts";
import { type CellPlan, exactly } from "../contract/experiment.ts";
import { beating } from "./beating.ts";

/** The two ends of a connection, either of which may notice that the other is gone. */
export const sides = ["server", "client"] as const;

/** From the silence on, in heartbeats: twice as long as it may take to be noticed. */
export const watchedIntervals = 4;
/** From the answer before the silence to the next heartbeat, and from that to the one at which its answer is missed. */
const noticedAfterIntervals = 2;
/** Timers of a busy machine are late; what is not noticed at all is far from that. */
const lateIntervals = 0.5;

/** Of what a heartbeat costs. */
export function costExpectations(target: Target): CellPlan["expectations"] {
  const { noticedBy, bytes } = traitsOf(target).heartbeat!;
  const bare = beating(target, undefined);
  const isPlain = isPlainlySpoken(bare) && tlsMode(bare.options) === undefined;
  // A signature in a handshake is a byte longer or shorter.
  const isExact = !(closesConnections(bare.options) && tlsMode(bare.options) !== undefined);
  const isAnswered = noticedBy.includes("server");
  return [
    {
      statement: "a heartbeat costs the same however long the interval, so that an hour is as many as it has intervals",
      formula: "bytes at 2 x interval / bytes at interval = 1",
      metric: "heartbeatBytesRatio",
      expected: isExact ? exactly(1) : { low: 0.98, high: 1.02 },
    },
    ...(isPlain && bytes !== undefined
      ? [
          {
            statement: "a heartbeat has as many bytes as the specification says",
            formula: `${bytes} B, both ways`,
            metric: "heartbeatBytes" as const,
            expected: exactly(bytes),
          },
        ]
      : []),
    ...(isPlain
      ? [
          {
            statement: isAnswered
              ? "a heartbeat, its answer, and an acknowledgement"
              : "a heartbeat and an acknowledgement",
            formula: isAnswered ? "1 + 1 + 1 packets; the answer acknowledges, too" : "1 + 1 packets",
            metric: "heartbeatPackets" as const,
            expected: exactly(isAnswered ? 3 : 2),
          },
        ]
      : []),
  ];
}

/** Of who notices that the way has gone silent. */
export function halfOpenExpectations(target: Target, isBeating: boolean): CellPlan["expectations"] {
  const noticedBy = isBeating ? traitsOf(target).heartbeat!.noticedBy : [];
  return sides.flatMap((side): CellPlan["expectations"] => {
    if (!noticedBy.includes(side)) {
      return [
        {
          statement: isBeating
            ? `the ${side} expects nothing, and does not notice that the way is gone`
            : `without a heartbeat the ${side} does not notice that the way is gone: TCP does not tell who sends nothing`,
          formula: `unaware after ${watchedIntervals} intervals = 100 %`,
          metric: `${side}NeverNoticedShare` as const,
          expected: exactly(1),
        },
      ];
    }
    const most = noticedAfterIntervals + lateIntervals;
    return [
      {
        statement: `the ${side} notices of every user that the way is gone`,
        formula: `unaware after ${watchedIntervals} intervals = 0 %`,
        metric: `${side}NeverNoticedShare` as const,
        expected: exactly(0),
      },
      {
        statement: `the ${side} notices within two intervals that the way is gone`,
        formula: `1 until the next heartbeat + 1 until it is missed, and ${lateIntervals} for late timers: ${most} or less`,
        metric: `${side}NoticesAfterIntervals` as const,
        expected: { high: most },
      },
    ];
  });
}
