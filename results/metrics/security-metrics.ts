/** What a server refuses, and what logging in to it costs. */
import { delays, entries, type MetricEntry } from "./metric.ts";

const notAsked = "there was nothing to attack, or it was not tried";

export const securityMetrics = {
  ...entries({ unit: "count", topic: "security", absence: notAsked }, [
    ["wrongPasswordRefusals", "wrong password refused", "1 where a wrong password was refused, 0 where it was not"],
    ["earlyMessageRefusals", "message before login refused", "1 where a message before a login was refused, else 0"],
    ["forgedSenderRefusals", "forged sender refused", "1 where a message under another name was refused, or put right"],
    ["replayedLoginRefusals", "replayed login refused", "1 where what was overheard of a login opened no second one"],
    ["falseServerRefusals", "false server refused", "1 where our client left a server that could not prove itself"],
    ["plaintextRefusals", "plain text refused", "1 where a server that asks for TLS took nothing without it"],
    ["strippedTlsRefusals", "stripped TLS refused", "1 where our client gave up when the offer of TLS was cut out"],
    ["oversizeRefusals", "oversize refused", "1 where a message over the limit was refused"],
    ["hostileFramingRefusals", "hostile framing refused", "1 where bytes that break the protocol's rules were refused"],
    ["slowHandshakeRefusals", "slow handshake refused", "1 where half a handshake was cut off"],
    ["crossOriginRefusals", "other origin refused", "1 where a page of another origin was refused"],
    ["floodRefusals", "flood refused", "1 where a connection over the limit was refused"],
    ["refusedProbes", "probes refused", "probes that were refused, by the protocol or by this server"],
    [
      "protocolRefusedProbes",
      "probes refused by the protocol",
      "those of them that the specification itself demands to be refused, whoever wrote the server",
    ],
    ["acceptedProbes", "probes accepted", "probes that went through: what an application must build"],
  ]),
  ...delays(
    "login",
    "login",
    "from the start of a connection until the first message can be sent, login included, one after the other",
    { headline: ["P50"], compared: ["P50"], generatorBound: false },
  ),
  ...entries({ unit: "count", topic: "cost", absence: "the server said nothing of it that could be read" }, [
    ["scramIterations", "SCRAM iterations", "rounds of PBKDF2 that the server asked for in its challenge"],
  ]),
  ...entries({ unit: "count", topic: "cost", better: "lower", absence: "only counted on this host" }, [
    [
      "loginRoundTrips",
      "round trips of a login",
      "times the server's bytes followed the client's, seen at the socket, TLS included and the TCP handshake not",
    ],
  ]),
  ...entries({ unit: "bytes", topic: "cost", better: "lower", absence: "only counted on this host" }, [
    ["loginWireBytes", "wire bytes of a login", "bytes above TCP, both ways, until the first message can be sent"],
  ]),
  ...entries(
    {
      unit: "us",
      topic: "cost",
      better: "lower",
      absence: "CPU time is read from /proc, which only Linux has, of servers that this run started",
    },
    [
      ["serverCpuUsPerLogin", "server CPU per login", "CPU time of the server's processes over the logins in it"],
      ["clientCpuUsPerLogin", "client CPU per login", "CPU time of the process of the users over its logins"],
    ],
  ),
} satisfies Record<string, MetricEntry>;
