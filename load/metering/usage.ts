import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import type { WindowOrder } from "../flows/window.ts";
import { realTimeline } from "../pacing/metronome.ts";

/** What one process used within the measured part of a window. */
export interface ProcessUse {
  /** User and system time. */
  cpuUs: number;
  /** Messages handled within the same instants. */
  messages: number;
  rssBytes: number;
  /** From 0 to 1. */
  eventLoopUtilization: number;
  /** Longest time in which the process could not have handled an event. */
  eventLoopDelayMaxUs?: number | undefined;
}

interface Sample {
  cpuUs: number;
  messages: number;
  eventLoop: ReturnType<typeof performance.eventLoopUtilization>;
}

/** How often the event loop's delay is probed; the probe's own interval is taken off what it shows. */
const probeMs = 10;

/** CPU time, messages and event-loop delay of this process between the same two instants: the measured part of a window. */
export class UsageMeter {
  readonly #messages: () => number;
  readonly #delay = monitorEventLoopDelay({ resolution: probeMs });
  #start: Sample | undefined;
  #end: Sample | undefined;

  /** Takes its two samples at the window's start and end by itself. `messages` counts what the process handled. */
  constructor(window: WindowOrder, messages: () => number) {
    this.#messages = messages;
    const sampleAt = (atNs: number, keep: (sample: Sample) => void): void =>
      realTimeline.after(Math.max(0, (atNs - realTimeline.nowNs()) / 1e6), () => keep(this.#sample()));
    sampleAt(window.startNs, (sample) => {
      this.#start = sample;
      this.#delay.enable();
    });
    sampleAt(window.endNs, (sample) => {
      this.#end = sample;
      this.#delay.disable();
    });
  }

  /** A window cut short is read up to now. */
  read(): ProcessUse {
    const end = this.#end ?? this.#sample();
    const start = this.#start ?? end;
    this.#delay.disable();
    return {
      cpuUs: end.cpuUs - start.cpuUs,
      messages: end.messages - start.messages,
      rssBytes: process.memoryUsage.rss(),
      // Without a single probe in a very short window the histogram's maximum is 0.
      eventLoopDelayMaxUs: Math.max(0, this.#delay.max / 1000 - probeMs * 1000),
      // A window that was cut short before it began has no share of anything.
      eventLoopUtilization: performance.eventLoopUtilization(end.eventLoop, start.eventLoop).utilization || 0,
    };
  }

  #sample(): Sample {
    const { user, system } = process.cpuUsage();
    return { cpuUs: user + system, messages: this.#messages(), eventLoop: performance.eventLoopUtilization() };
  }
}
