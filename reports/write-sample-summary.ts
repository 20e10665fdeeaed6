/** Puts the summary of reports/sample/results.json into the README, after the sample was made anew. */
import { readFileSync, writeFileSync } from "node:fs";
import { resultsSchema } from "../results/contract/results.ts";
import { renderSummary } from "./report.ts";

const readme = new URL("../README.md", import.meta.url);
const results = resultsSchema.parse(JSON.parse(readFileSync(new URL("sample/results.json", import.meta.url), "utf8")));
const marked = /(<!-- summary of reports\/sample.*?-->\n)[\s\S]*?(<!-- end of summary -->)/;
writeFileSync(
  readme,
  readFileSync(readme, "utf8").replace(
    marked,
    (_, start, end) => `${start}\`\`\`text\n${renderSummary(results)}\n\`\`\`\n${end}`,
  ),
);
