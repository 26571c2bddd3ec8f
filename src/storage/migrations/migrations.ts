import { firstLedger } from './0001-first-ledger.js';
import { sessions } from './0002-sessions.js';
import { twoPhaseLedger } from './0003-two-phase-ledger.js';
import { savings } from './0004-savings.js';
import { alertDeliveries } from './0005-alert-deliveries.js';
import type { Migration } from './migration.js';

/**
 * Every change of the tables there ever was, oldest first; what is released is never changed. The version of a database
 * is how many of these it has seen.
 */
export const migrations: readonly Migration[] = [firstLedger, sessions, twoPhaseLedger, savings, alertDeliveries];
