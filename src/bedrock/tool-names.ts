import type { Message, RoutedRequest } from '../core/request.js';

/** Names and ids as Bedrock takes them, and back again. */
export interface ToolNames {
  toWire(name: string): string;
  /** The caller's name of a tool; a name that is nobody's is returned as it is. */
  fromWire(wire: string): string;
  idToWire(id: string): string;
}

const longestOnWire = 64;
const unchanged: ToolNames = { toWire: (name) => name, fromWire: (wire) => wire, idToWire: (id) => id };

/** The names of one request. Names that become equal on the wire are told apart by a number. */
export function toolNames({ tools = [], messages }: Pick<RoutedRequest, 'tools' | 'messages'>): ToolNames {
  const used = messages.flatMap(blocksOf);
  if (tools.length === 0 && used.length === 0) return unchanged;
  const called = used.flatMap((block) => (block.type === 'tool_use' ? [block.name] : []));
  const ids = used.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []));
  const names = distinct([...tools.map(({ name }) => name), ...called], /[^a-zA-Z0-9_-]/g);
  const wireIds = distinct(ids, /[^a-zA-Z0-9_.:-]/g);
  const back = new Map([...names].map(([name, wire]) => [wire, name]));
  return {
    toWire: (name) => names.get(name) ?? name,
    fromWire: (wire) => back.get(wire) ?? wire,
    idToWire: (id) => wireIds.get(id) ?? id,
  };
}

const blocksOf = ({ content }: Message) => (typeof content === 'string' ? [] : content);

/** Legal names stay what they are; the others must not take one of theirs. */
function distinct(given: readonly string[], illegal: RegExp): ReadonlyMap<string, string> {
  const clean = (name: string) => name.replace(illegal, '_').slice(0, longestOnWire);
  const isLegal = (name: string) => clean(name) === name;
  const wires = new Map(given.filter(isLegal).map((name) => [name, name]));
  const taken = new Set(wires.keys());
  for (const name of given.filter((each) => !isLegal(each))) {
    if (wires.has(name)) continue;
    let wire = clean(name);
    for (let number = 2; taken.has(wire); number += 1) {
      const suffix = `_${number}`;
      wire = clean(name).slice(0, longestOnWire - suffix.length) + suffix;
    }
    taken.add(wire);
    wires.set(name, wire);
  }
  return wires;
}
