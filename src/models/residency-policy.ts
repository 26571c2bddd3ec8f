import type { Catalogue } from '../core/model.js';
import type { Region } from '../core/target.js';

export interface ResidencyOptions {
  readonly catalogue: Pick<Catalogue, 'geographies' | 'regions'>;
  readonly regions: readonly Region[];
  /** Prefixes of the inference profiles that may be used, the preferred first. */
  readonly geographies?: readonly string[];
}

/** Where requests may go. Data of an in-region call stays in the region, of a profile in the regions of its geography. */
export interface ResidencyPolicy {
  readonly regions: readonly Region[];
  /** The operator's list; undefined when none was set. */
  readonly geographies: readonly string[] | undefined;
  /** The region may be called at all. */
  allows(region: Region): boolean;
  /** Geographies whose profiles may be called from this region, the preferred first. */
  geographiesFor(region: Region): readonly string[];
  regionsOf(geography: string): readonly string[];
  /** Data may be processed in all of these regions; an empty name stands for any region. */
  admits(destinations: readonly string[]): boolean;
}

/** The catalogue lists typical regions; a profile of these geographies may have others of the same continent. */
const continents: Readonly<Record<string, RegExp>> = { us: /^us-(?!gov)/, eu: /^eu-/, apac: /^ap-/, ca: /^ca-/ };

/**
 * Without a list, a region allows the geographies it lies in, the narrowest first, and never `global`: leaving the
 * geography is the operator's decision to take.
 */
export function residencyPolicy({ catalogue, regions, geographies }: ResidencyOptions): ResidencyPolicy {
  const regionsOf = (geography: string): readonly string[] => {
    if (geography === 'global') return catalogue.regions.commercial;
    const members = catalogue.geographies[geography];
    return Array.isArray(members) ? members : [];
  };
  const narrowestFirst = Object.keys(catalogue.geographies)
    .filter((geography) => geography !== 'global')
    .toSorted((left, right) => regionsOf(left).length - regionsOf(right).length);
  const geographiesFor = (region: Region) =>
    (geographies ?? narrowestFirst).filter((geography) => regionsOf(geography).includes(region));
  const lies = (region: string) => (geography: string) =>
    geography === 'global' || regionsOf(geography).includes(region) || continents[geography]?.test(region) === true;
  const isAdmitted = (destination: string) => {
    if (geographies === undefined) return destination !== '';
    return destination === '' ? geographies.includes('global') : geographies.some(lies(destination));
  };
  return {
    admits: (destinations) => destinations.every(isAdmitted),
    regions,
    geographies,
    regionsOf,
    geographiesFor,
    allows: (region) => geographies === undefined || geographiesFor(region).length > 0,
  };
}
