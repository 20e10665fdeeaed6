/** Puts the first screens of the samples into the README, after a sample was made anew. */
import { readFileSync, writeFileSync } from "node:fs";
import { resultsSchema } from "../results/contract/results.ts";
import { renderSummary } from "./report.ts";

const readme = new URL("../README.md", import.meta.url);
let text = readFileSync(readme, "utf8");
for (const sample of ["sample", "sample-cluster"]) {
  const results = readFileSync(new URL(`${sample}/results.json`, import.meta.url), "utf8");
  const summary = renderSummary(resultsSchema.parse(JSON.parse(results)));
  const marked = new RegExp(`(<!-- summary of reports/${sample}:.*?-->\n)[\\s\\S]*?(<!-- end of summary -->)`);
  text = text.replace(marked, (_, start, end) => `${start}\`\`\`text\n${summary}\n\`\`\`\n${end}`);
}
writeFileSync(readme, text);
