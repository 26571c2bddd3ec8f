import { abortedError, errorPolicies, toServiceError } from '../core/errors.js';

export interface Landing<T> {
  readonly value: T;
  /** True for those who waited for the work of another. */
  readonly joined: boolean;
}

export interface SingleFlight<T> {
  /** Who comes from now on does not join what is under way on these keys. */
  forget(isMeant: (key: string) => boolean): void;
  /** Somebody is working on this key, so that `run` would join. */
  has(key: string): boolean;
  /**
   * The result of `work`, which runs once for all who ask for the same key at the same time.
   * Rejects with the caller's own cancel or deadline as soon as `signal` is aborted; the work goes on for the others.
   */
  run(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<Landing<T>>;
}

export interface SingleFlightOptions {
  /** Keys worked on at once. Beyond it calls are on their own. Default 10,000. */
  readonly maxFlights?: number;
}

type Work<T> = (signal: AbortSignal) => Promise<T>;

interface Flight<T> {
  readonly controller: AbortController;
  readonly result: Promise<T>;
  passengers: number;
}

/** Joins equal work in flight. */
export function createSingleFlight<T>({ maxFlights = 10_000 }: SingleFlightOptions = {}): SingleFlight<T> {
  const flights = new Map<string, Flight<T>>();

  const take = (key: string, work: Work<T>): Flight<T> => {
    const controller = new AbortController();
    const land = () => {
      if (flights.get(key) === flight) flights.delete(key);
    };
    const result = (async () => work(controller.signal))().finally(land);
    const flight: Flight<T> = { controller, result, passengers: 0 };
    // Everybody may have left when it fails.
    result.catch(() => undefined);
    if (flights.size < maxFlights) flights.set(key, flight);
    return flight;
  };
  const ride = async (key: string, flight: Flight<T>, signal: AbortSignal): Promise<T> => {
    flight.passengers += 1;
    try {
      return await untilAborted(flight.result, signal);
    } finally {
      flight.passengers -= 1;
      if (flight.passengers === 0 && signal.aborted) {
        // Out of the map first: who comes now must not board a flight that is being given up.
        if (flights.get(key) === flight) flights.delete(key);
        flight.controller.abort(signal.reason);
      }
    }
  };
  const lead = async (key: string, signal: AbortSignal, work: Work<T>): Promise<Landing<T>> => ({
    value: await ride(key, take(key, work), signal),
    joined: false,
  });
  const join = async (key: string, flight: Flight<T>, signal: AbortSignal): Promise<Landing<T>> => ({
    value: await ride(key, flight, signal),
    joined: true,
  });

  return {
    forget: (isMeant) => {
      for (const key of [...flights.keys()].filter(isMeant)) flights.delete(key);
    },
    has: (key) => flights.has(key),
    run: async (key, signal, work) => {
      if (signal.aborted) throw abortedError(signal);
      const flight = flights.get(key);
      if (!flight) return lead(key, signal, work);
      try {
        return await join(key, flight, signal);
      } catch (error) {
        if (signal.aborted || !errorPolicies[toServiceError(error).category].retryable) throw error;
        // One of those who waited takes over and the rest joins it. A second failure is everybody's: were each to
        // try in turn, a thousand waiters would be a thousand calls to a service in trouble.
        const second = flights.get(key);
        return second ? join(key, second, signal) : lead(key, signal, work);
      }
    },
  };
}

function untilAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(abortedError(signal));
    signal.addEventListener('abort', leave, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
