import assert from "node:assert/strict";
import { test } from "node:test";
import {
  parseKilobytes,
  parseSchedstat,
  parseSleeps,
  parseStat,
  parseTcpSockets,
  parseUnixConnections,
} from "./process-files.ts";

const stat = (command: string) =>
  `4711 (${command}) S 42 4711 4711 0 -1 4194560 5000 0 3 0 123 45 6 7 20 0 11 0 9000 1300000000 17000 18446744073709551615 1 1 0`;

test("reads parent and CPU time from stat, its own and not its children's, in ticks of 10 ms", () => {
  assert.deepEqual(parseStat(stat("node")), { parentPid: 42, cpuUs: 1_680_000 });
});

test("is not misled by a command name with spaces and brackets", () => {
  assert.deepEqual(parseStat(stat("tmux: (a) b) R 1 2")), { parentPid: 42, cpuUs: 1_680_000 });
});

test("refuses what is not the text of stat", () => {
  assert.throws(() => parseStat(""), RangeError);
});

test("reads the time a thread ran from schedstat, in microseconds", () => {
  assert.equal(parseSchedstat("659553 120 2\n"), 659.553);
  assert.equal(parseSchedstat("0 0 0\n"), 0);
});

test("reads how often a thread went to sleep, and not how often it was made to", () => {
  assert.equal(parseSleeps("Threads:\t11\nvoluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t7\n"), 150);
});

test("reads a field in bytes, and none from a field that is missing or only begins alike", () => {
  const status = "Name:\tnode\nVmRSS:\t   52000 kB\nRssAnon:\t   20000 kB\nThreads:\t11\n";
  assert.equal(parseKilobytes(status, "RssAnon"), 20_480_000);
  assert.equal(parseKilobytes(status, "VmRSS"), 53_248_000);
  assert.equal(parseKilobytes(status, "Pss"), undefined);
  const rollup = "00400000-7ffd ---p 00000000 00:00 0 [rollup]\nRss:   1724 kB\nPss:   570 kB\nPss_Anon:   112 kB\n";
  assert.equal(parseKilobytes(rollup, "Pss_Anon"), 114_688);
});

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 31415 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 27182 1 0000000000000000 20 4 30 10 -1
   2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 16180 1 0000000000000000 100 0 0 10 0
`;
const table6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 57721 1 0000000000000000 100 0 0 10 0
`;

test("reads the sockets of both tables, with addresses as URLs write them", () => {
  const [first, second, third] = parseTcpSockets(table);
  assert.deepEqual(first, {
    state: "listening",
    local: { address: "127.0.0.1", port: 8080 },
    remote: { address: "0.0.0.0", port: 0 },
    inode: "31415",
  });
  assert.deepEqual([second!.state, second!.remote], ["established", { address: "127.0.0.1", port: 54321 }]);
  assert.deepEqual([third!.local, third!.inode], [{ address: "0.0.0.0", port: 80 }, "16180"]);
  assert.deepEqual(parseTcpSockets(table6)[0]!.local, { address: "::1", port: 8080 });
  const mapped = table6.replace("00000000000000000000000001000000", "0000000000000000FFFF00000100007F");
  assert.equal(parseTcpSockets(mapped)[0]!.local.address, "127.0.0.1");
  assert.deepEqual(parseTcpSockets(""), []);
});

test("reads connected stream sockets that are no TCP", () => {
  const unix = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 100 /run/listening
0000000000000000: 00000003 00000000 00000000 0001 03 200 /run/accepted
0000000000000000: 00000003 00000000 00000000 0001 03 300
0000000000000000: 00000002 00000000 00000000 0002 01 400 /run/datagrams
`;
  assert.deepEqual(parseUnixConnections(unix), ["200", "300"]);
});
