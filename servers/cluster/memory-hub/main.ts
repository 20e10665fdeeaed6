/** The process of the memory broker: listens on the port it is given until it is told to end. */
import { listenMemoryHub } from "./server.ts";

await listenMemoryHub(Number(process.argv[2]));
