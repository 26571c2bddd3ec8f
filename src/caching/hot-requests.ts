import type { ModelRequest } from '../core/request.js';
import type { NanoUsd } from '../core/response.js';

const mostRequests = 256;
const largestRequestBytes = 32_768;

export interface HotRequest {
  readonly key: string;
  readonly tenant: string;
  readonly request: ModelRequest;
  readonly hits: number;
  readonly saved: NanoUsd;
}

/** The questions whose answers saved most, as they were asked, so that they can be asked again. */
export interface HotRequests {
  note(hit: Omit<HotRequest, 'hits'>): void;
  /** Of one tenant, those that saved most first. */
  top(tenant: string, count: number): readonly HotRequest[];
  forget(tenant: string): void;
}

export function createHotRequests(): HotRequests {
  const hot = new Map<string, HotRequest>();

  const isRoomFor = (saved: NanoUsd): boolean => {
    if (hot.size < mostRequests) return true;
    const least = [...hot.values()].reduce((lowest, one) => (one.saved < lowest.saved ? one : lowest));
    if (least.saved >= saved) return false;
    return hot.delete(least.key);
  };
  return {
    note: ({ key, tenant, request, saved }) => {
      const known = hot.get(key);
      if (known) hot.set(key, { ...known, hits: known.hits + 1, saved: known.saved + saved });
      else if (isRoomFor(saved) && JSON.stringify(request).length <= largestRequestBytes) {
        hot.set(key, { key, tenant, request, hits: 1, saved });
      }
    },
    top: (tenant, count) =>
      [...hot.values()]
        .filter((one) => one.tenant === tenant)
        .toSorted((left, right) => right.saved - left.saved)
        .slice(0, count),
    forget: (tenant) => {
      for (const one of [...hot.values()]) if (one.tenant === tenant) hot.delete(one.key);
    },
  };
}
