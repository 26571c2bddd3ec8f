import { setImmediate } from 'node:timers/promises';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { eraOfMessage } from '../era.js';
import { isRequest } from '../json-rpc.js';
import type { ProtocolEra } from '../surface.js';
import type { StdioTransport } from './stdio-transport.js';

/** What answers the client in one era. */
export interface Peer {
  /** Resolves as soon as no request runs. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export type OpenPeers = Readonly<Record<ProtocolEra, (transport: Transport) => Promise<Peer>>>;

interface Current {
  readonly era: ProtocolEra;
  readonly channel: Transport;
  readonly peer: Peer;
  /** True as soon as the client has asked for more than what the server speaks. */
  settled: boolean;
}

function method(message: JSONRPCMessage): string | undefined {
  return isRequest(message) ? message.method : undefined;
}

/** The era for this message: the first one decides, but a client may still fall back after it only looked around. */
function eraFor(message: JSONRPCMessage, current: Current | undefined): ProtocolEra {
  if (!current) return eraOfMessage(message);
  const fallsBack = current.era === '2026' && !current.settled && method(message) === 'initialize';
  return fallsBack && eraOfMessage(message) === '2025' ? '2025' : current.era;
}

/** Joins one client to the peer of its era, which is opened at its first message. */
export function createEraSwitch(wire: StdioTransport, open: OpenPeers): Peer {
  let current: Current | undefined;
  let handedOn: Promise<void> = Promise.resolve();

  /** What a peer has for a transport; after a change of the era it leads nowhere. */
  function createChannel(): Transport {
    const channel: Transport = {
      start: async () => undefined,
      send: async (message) => {
        if (current?.channel === channel) await wire.send(message);
      },
      close: async () => {
        if (current?.channel === channel) await wire.close();
      },
    };
    return channel;
  }

  async function change(era: ProtocolEra): Promise<Current> {
    wire.pause();
    // The answer to the client's look around is on its way still.
    await setImmediate();
    const left = current;
    const channel = createChannel();
    current = { era, channel, peer: await open[era](channel), settled: false };
    await left?.peer.close();
    wire.resume();
    return current;
  }

  async function handOn(message: JSONRPCMessage): Promise<void> {
    const era = eraFor(message, current);
    const { channel } = current?.era === era ? current : await change(era);
    if (current && method(message) !== 'server/discover') current.settled = true;
    channel.onmessage?.(message);
  }

  wire.onmessage = (message) => {
    handedOn = handedOn
      .then(() => handOn(message))
      .catch((error: unknown) => wire.onerror?.(error instanceof Error ? error : new Error(String(error))));
  };
  const onClosed = wire.onclose;
  wire.onclose = () => {
    current?.channel.onclose?.();
    onClosed?.();
  };
  return {
    idle: async () => {
      await handedOn;
      await current?.peer.idle();
    },
    close: () => wire.close(),
  };
}
