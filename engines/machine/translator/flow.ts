// Control-flow analysis: order, dominators, loops. After Cooper, Harvey and Kennedy, "A Simple, Fast Dominance
// Algorithm" (2001), and the natural loops of any compiler text.

export interface Graph {
  readonly size: number;
  readonly successors: readonly (readonly number[])[];
}

export interface Flow {
  /** Nodes reachable from node `root`, in reverse postorder. */
  readonly order: readonly number[];
  /** Position in `order`; -1 if unreachable. */
  readonly position: readonly number[];
  /** Immediate dominators; the root's is itself. */
  readonly dominator: readonly number[];
  readonly predecessors: readonly (readonly number[])[];
  /** Every retreating edge goes to a dominator. */
  readonly reducible: boolean;
  /** Nodes that a retreating edge enters. */
  readonly headers: ReadonlySet<number>;
}

export function analyse(graph: Graph, root: number): Flow {
  const order = reversePostorder(graph, root);
  const position = new Array<number>(graph.size).fill(-1);
  order.forEach((node, index) => { position[node] = index; });
  const predecessors: number[][] = Array.from({ length: graph.size }, () => []);
  for (const node of order) {
    for (const to of graph.successors[node]) predecessors[to].push(node);
  }
  const dominator = dominators(order, position, predecessors, graph.size);
  const headers = new Set<number>();
  let reducible = true;
  for (const node of order) {
    for (const to of graph.successors[node]) {
      if (position[to] > position[node]) continue;
      headers.add(to);
      if (!dominates(to, node, dominator, position)) reducible = false;
    }
  }
  return { order, position, dominator, predecessors, reducible, headers };
}

export function dominates(above: number, node: number, dominator: readonly number[], position: readonly number[]): boolean {
  while (position[node] > position[above]) node = dominator[node];
  return node === above;
}

/** For each node the headers of the natural loops around it, outermost first; a header is in its own loop. */
export function loopNests(flow: Flow, size: number): number[][] {
  const nests: number[][] = Array.from({ length: size }, () => []);
  const headers = [...flow.headers].sort((a, b) => flow.position[a] - flow.position[b]);
  for (const header of headers) {
    for (const node of loopBody(header, flow)) nests[node].push(header);
  }
  return nests;
}

function loopBody(header: number, flow: Flow): Set<number> {
  const body = new Set([header]);
  const work = flow.predecessors[header].filter((from) => flow.position[from] >= flow.position[header]);
  while (work.length > 0) {
    const node = work.pop();
    if (node === undefined || body.has(node)) continue;
    body.add(node);
    work.push(...flow.predecessors[node]);
  }
  return body;
}

function reversePostorder(graph: Graph, root: number): number[] {
  const order: number[] = [];
  const seen = new Set([root]);
  const stack = [{ node: root, next: 0 }];
  while (stack.length > 0) {
    const top = stack[stack.length - 1];
    const successors = graph.successors[top.node];
    if (top.next < successors.length) {
      // The first successor is visited last, so that it follows at once in reverse postorder.
      const to = successors[successors.length - 1 - top.next++];
      if (!seen.has(to)) {
        seen.add(to);
        stack.push({ node: to, next: 0 });
      }
    } else {
      order.push(top.node);
      stack.pop();
    }
  }
  return order.reverse();
}

function dominators(
  order: readonly number[], position: readonly number[], predecessors: readonly (readonly number[])[], size: number,
): number[] {
  const dominator = new Array<number>(size).fill(-1);
  dominator[order[0]] = order[0];
  for (let changed = true; changed;) {
    changed = false;
    for (const node of order.slice(1)) {
      let common = -1;
      for (const from of predecessors[node]) {
        if (dominator[from] === -1) continue;
        common = common === -1 ? from : meet(common, from, dominator, position);
      }
      if (dominator[node] !== common) {
        dominator[node] = common;
        changed = true;
      }
    }
  }
  return dominator;
}

function meet(a: number, b: number, dominator: readonly number[], position: readonly number[]): number {
  while (a !== b) {
    while (position[a] > position[b]) a = dominator[a];
    while (position[b] > position[a]) b = dominator[b];
  }
  return a;
}
