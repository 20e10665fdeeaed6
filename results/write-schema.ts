/** Writes the JSON Schema of results.json to the path given: part of the build, so that the package carries it. */
import { writeFileSync } from "node:fs";
import { resultsJsonSchema } from "./contract/results.ts";

writeFileSync(process.argv[2]!, `${JSON.stringify(resultsJsonSchema(), null, 2)}\n`);
