import { type CallMemory, openCallMemory } from '../../src/compose-calls.js';
import { type Clock, systemClock, systemRandom } from '../../src/core/clock.js';
import { silentLogger } from './silent-logger.js';

/** Jobs, sessions and traces as the composed server has them without a database. */
export function callMemory(clock: Clock = systemClock): CallMemory {
  return openCallMemory({ clock, random: systemRandom, logger: silentLogger });
}
