/**
 * What users do where echo traffic is not the question: log in and out, answer each other, sit in a room, knock where they
 * should not. A role is one module of this folder, named like its file, and is played in a process of its own, so that the
 * driver does no work.
 */
export interface Role<Order, Report> {
  readonly name: string;
  /** Plays it once. Order and report are data, as JSON has it; delays travel as encoded histograms. */
  run(order: Order): Promise<Report>;
}
