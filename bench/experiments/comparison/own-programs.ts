import { ProgramPool } from "../../rigs/program-pool.ts";
import type { RigContext } from "../../rigs/rig.ts";
import { type ServerCell, ServerRig } from "../../rigs/server-rig.ts";

/** A rig whose real programs are its own, started for it and ended with it: what other cells left in one would be measured. */
export async function openOnOwnPrograms(cell: ServerCell, context: RigContext): Promise<ServerRig> {
  const programs = new ProgramPool();
  try {
    const rig = await ServerRig.open(cell, { ...context, programs });
    rig.own(programs);
    return rig;
  } catch (error) {
    await programs[Symbol.asyncDispose]();
    throw error;
  }
}
