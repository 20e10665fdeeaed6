import { findPackageJSON } from "node:module";
import { dirname } from "node:path";

/** Where wirebench's package.json is: the checkout, or the installed package. */
export const packageFolder = dirname(findPackageJSON("..", import.meta.url)!);
