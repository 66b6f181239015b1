// How far it is from core to core, from groups of cores or a full matrix.

import type { Duration, Topology } from "./profile-schema.ts";

export class TopologyFault extends Error {
  override readonly name = "TopologyFault";
}

/** Cycles at [from * cores + to], 0 on the diagonal. Throws a TopologyFault that names the field. */
export function transferCycles(topology: Topology, inCycles: (duration: Pick<Duration, "value" | "unit">) => number): Int32Array {
  const { cores, levels, matrix } = topology;
  if ((levels === undefined) === (matrix === undefined)) throw new TopologyFault("topology has to have either levels or a matrix");
  const transfer = new Int32Array(cores * cores);
  if (matrix !== undefined) fillFromMatrix(transfer, cores, matrix.rows, inCycles);
  else if (levels !== undefined) fillFromLevels(transfer, cores, levels, inCycles);
  return transfer;
}

function fillFromMatrix(
  transfer: Int32Array, cores: number, rows: readonly (readonly number[])[], inCycles: (duration: Pick<Duration, "value" | "unit">) => number,
): void {
  if (rows.length !== cores) throw new TopologyFault(`topology.matrix.rows has ${rows.length} rows for ${cores} cores`);
  rows.forEach((row, from) => {
    const field = `topology.matrix.rows.${from}`;
    if (row.length !== cores) throw new TopologyFault(`${field} has ${row.length} numbers for ${cores} cores`);
    if (row[from] !== 0) throw new TopologyFault(`${field}.${from} is ${row[from]}: a core is 0 from itself`);
    row.forEach((value, to) => { transfer[from * cores + to] = inCycles({ value, unit: "ns" }); });
  });
}

function fillFromLevels(
  transfer: Int32Array, cores: number, levels: NonNullable<Topology["levels"]>, inCycles: (duration: Pick<Duration, "value" | "unit">) => number,
): void {
  const groupOf = levels.map(({ groups }, level) => groupOfCores(groups, cores, `topology.levels.${level}.groups`));
  for (let from = 0; from < cores; from++) {
    for (let to = 0; to < cores; to++) {
      if (to === from) continue;
      const nearest = groupOf.findIndex((group) => group[from] === group[to]);
      if (nearest < 0) throw new TopologyFault(`topology.levels has no group with both core ${from} and core ${to}`);
      const parted = groupOf.findIndex((group, level) => level > nearest && group[from] !== group[to]);
      if (parted >= 0) throw new TopologyFault(`topology.levels.${parted}.groups part cores ${from} and ${to}, which an inner level has together`);
      transfer[from * cores + to] = inCycles(levels[nearest].oneWay);
    }
  }
}

/** The index of each core's group. */
function groupOfCores(groups: readonly string[], cores: number, field: string): number[] {
  const groupOf = Array<number>(cores).fill(-1);
  groups.forEach((list, group) => {
    for (const range of list.split(",")) {
      const [first, last = first] = range.split("-").map(Number);
      if (last < first) throw new TopologyFault(`${field}.${group} has ${range}, which is no range`);
      if (last >= cores) throw new TopologyFault(`${field}.${group} has core ${last} of ${cores}, numbered from 0`);
      for (let core = first; core <= last; core++) {
        if (groupOf[core] >= 0) throw new TopologyFault(`${field}.${group} has core ${core}, which is in a group already`);
        groupOf[core] = group;
      }
    }
  });
  const missed = groupOf.indexOf(-1);
  if (missed >= 0) throw new TopologyFault(`${field} miss core ${missed}`);
  return groupOf;
}
