interface Node {
  readonly key: string;
  priority: number;
}

/** Keys by priority, the lowest first; every operation takes logarithmic time. */
export interface PriorityHeap {
  /** Puts the key in, or moves it. */
  set(key: string, priority: number): void;
  delete(key: string): void;
  lowest(): { readonly key: string; readonly priority: number } | undefined;
}

/** A binary heap that knows where each key stands. */
export function createPriorityHeap(): PriorityHeap {
  const nodes: Node[] = [];
  const places = new Map<string, number>();

  const put = (node: Node, at: number): void => {
    nodes[at] = node;
    places.set(node.key, at);
  };
  const rise = (node: Node, from: number): number => {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = nodes[above];
      if (!parent || parent.priority <= node.priority) break;
      put(parent, at);
      at = above;
    }
    put(node, at);
    return at;
  };
  const sink = (node: Node, from: number): void => {
    let at = from;
    for (;;) {
      const left = 2 * at + 1;
      const right = left + 1;
      const smaller = (nodes[right]?.priority ?? Infinity) < (nodes[left]?.priority ?? Infinity) ? right : left;
      const child = nodes[smaller];
      if (!child || child.priority >= node.priority) break;
      put(child, at);
      at = smaller;
    }
    put(node, at);
  };

  return {
    set: (key, priority) => {
      const place = places.get(key) ?? nodes.length;
      const node = nodes[place] ?? { key, priority };
      node.priority = priority;
      sink(node, rise(node, place));
    },
    delete: (key) => {
      const place = places.get(key);
      const last = nodes.pop();
      if (place === undefined || !last) {
        if (last) nodes.push(last);
        return;
      }
      places.delete(key);
      if (last.key !== key) sink(last, rise(last, place));
    },
    lowest: () => nodes[0],
  };
}
