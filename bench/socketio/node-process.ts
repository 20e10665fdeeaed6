/** A process that is one Socket.IO node: told by its arguments what to be, asked over its channel what it used. */
import { type SocketIoNodeOptions, startSocketIoNode } from "../../servers/cluster/socketio/node.ts";

const options = JSON.parse(process.argv[2]!) as SocketIoNodeOptions;
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send!({ cpuUs: user + system });
});
process.once("disconnect", () => process.exit());
const { port } = await startSocketIoNode(options);
process.send!({ port });
