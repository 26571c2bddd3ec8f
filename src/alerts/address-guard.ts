import { type LookupAddress, type LookupAllOptions, lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

export type LookupAll = (
  host: string,
  options: LookupAllOptions,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export interface AddressGuardOptions {
  /** Networks in CIDR notation that may be called although they are not public. */
  readonly allowedNetworks: readonly string[];
  /** Without TLS only the allowed networks may be called. */
  readonly isEncrypted: boolean;
  readonly lookup?: LookupAll;
}

/** Decides about addresses at the moment of connecting, so that a name cannot be looked up once to be checked and once to be called. */
export interface AddressGuard {
  /** Why the host of a URL must not be called, where it is an address; undefined: it may, or it is a name. */
  refusalOfHost(host: string): string | undefined;
  /** For sockets: fails when the name has an address that must not be called. */
  readonly lookup: LookupFunction;
}

const refusedCode = 'ADDRESS_REFUSED';

/** The words for it when the guard stopped a connection. */
export const refusalIn = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && error.code === refusedCode ? error.message : undefined;

export function createAddressGuard(options: AddressGuardOptions): AddressGuard {
  const { isEncrypted, lookup = systemLookup } = options;
  const networks = options.allowedNetworks.map((network) => ipaddr.parseCIDR(network));
  const isAllowed = (address: ReturnType<typeof ipaddr.process>): boolean =>
    networks.some((network) => address.kind() === network[0].kind() && address.match(network));
  const refusalOf = (text: string): string | undefined => {
    if (!ipaddr.isValid(text)) return 'Its address cannot be read.';
    // An IPv4 address in the clothes of IPv6 is judged as what it is.
    const address = ipaddr.process(text);
    if (isAllowed(address)) return undefined;
    if (!isEncrypted) return 'Without TLS only networks of BEDROCK_WEBHOOK_ALLOWED_NETWORKS are called.';
    if (address.range() === 'unicast') return undefined;
    return `Its address is not public (${address.range()}) and not in BEDROCK_WEBHOOK_ALLOWED_NETWORKS.`;
  };

  return {
    refusalOfHost: (host) => {
      const bare = host.replace(/^\[(.*)\]$/, '$1');
      return ipaddr.isValid(bare) ? refusalOf(bare) : undefined;
    },
    lookup: (host, { all, ...wanted }, done) => {
      lookup(host, { ...wanted, all: true }, (error, addresses) => {
        if (error) return done(error, '');
        const refusal = addresses.map(({ address }) => refusalOf(address)).find((why) => why !== undefined);
        const [first] = addresses;
        if (refusal !== undefined || !first) return done(refusedError(refusal ?? 'It has no address.'), '');
        return all ? done(null, addresses) : done(null, first.address, first.family);
      });
    },
  };
}

const refusedError = (why: string): NodeJS.ErrnoException => Object.assign(new Error(why), { code: refusedCode });
