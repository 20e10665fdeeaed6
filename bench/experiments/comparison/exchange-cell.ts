/** Cells of experiments whose users reach each other, natively where their protocol can, else through our own server. */
import { hasExchange } from "../../../load/users/built-exchanges.ts";
import type { ExchangeName } from "../../../protocol/exchanges.ts";
import type { BehaviourOrder } from "../../rigs/processes/server.ts";
import { protocolNamed, protocols } from "../../targets/protocols.ts";
import { embeddedTarget, type Target } from "../../targets/target.ts";
import type { RunRequest } from "../contract/request.ts";
import { whyNoPush } from "./one-way.ts";
import { type TrafficCell, trafficCells } from "./traffic-cell.ts";

export interface ExchangeCell extends TrafficCell {
  readonly variant: string;
  /** What a connection is; absent: one user and what the server answers. */
  readonly exchange?: ExchangeName;
}

/** Whether the protocol itself has the exchange. */
export const isNative = ({ protocol }: Target, exchange: ExchangeName): boolean =>
  protocolNamed(protocol).client.exchanges?.[exchange] !== undefined;

const embeddedOf = (found: (typeof protocols)[number] | undefined): Target => embeddedTarget(found!.server.traits.name);

/** Our own server of the first protocol that has the exchange by itself, and of the first that has not: for what is broken on purpose. */
export const embeddedWith = (exchange: ExchangeName): Target =>
  embeddedOf(protocols.find(({ client }) => client.exchanges?.[exchange] !== undefined));
export const embeddedWithout = (exchange: ExchangeName): Target =>
  embeddedOf(protocols.find(({ client }) => client.exchanges?.[exchange] === undefined));

type Shape = Parameters<typeof trafficCells>[1];

/** A cell of the target, with what an application would have to build as the behaviour of our own server. */
export function exchangeCell(
  target: Target,
  request: RunRequest,
  {
    exchange,
    variant,
    application,
    ...shape
  }: Omit<Shape, "behaviour"> & {
    readonly exchange?: ExchangeName;
    readonly variant: string;
    /** What stands for the application where the protocol has no such exchange; absent: an echo. */
    readonly application?: BehaviourOrder;
  },
): ExchangeCell {
  const native = exchange !== undefined && isNative(target, exchange);
  const behaviour = native || application === undefined ? ({ name: "traffic" } as const) : application;
  const [cell] = trafficCells({ ...request, targets: [target] }, { ...shape, behaviour });
  const { parameters } = cell!;
  return {
    ...cell!,
    variant,
    ...(exchange && { exchange }),
    // What a protocol has of its own, its library speaks.
    parameters: native ? { ...parameters, client: "library" } : parameters,
  };
}

/** Why users of the target cannot reach each other; undefined where they can. */
export function whyNoExchange({ target, exchange }: ExchangeCell): string | undefined {
  const { client } = protocolNamed(target.protocol);
  const onOurServer = target.system.kind === "embedded";
  if (exchange === undefined) return undefined;
  if (hasExchange(client, exchange, onOurServer)) return whyNoPush(target);
  return "its users cannot reach each other: of a server that somebody else wrote no more is known than that it echoes";
}
