// Prints the digest of one unit of every workload, as QEMU computes it: `node test/guests/digests.ts`.

import { CATALOGUE } from "../../workloads/catalogue.ts";
import { runOnOracle } from "./oracle.ts";

for (const workload of CATALOGUE.filter(({ unitDigest }) => unitDigest !== 0n)) {
  const results = await runOnOracle(workload, 1);
  const digests = [...new Set(results.map(({ digest }) => digest))];
  console.log(`${workload.name.padEnd(18)} ${digests.join(" ")}`);
}
