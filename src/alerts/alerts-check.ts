import type { HealthCheck } from '../core/ports.js';
import type { DeliveryCounts } from './delivery-store.js';

export interface AlertsCheckOptions {
  readonly counts: () => Promise<DeliveryCounts>;
  /** Why the last try to send failed. */
  readonly trouble: () => string | undefined;
}

/** Whether alerts reach their receiver. */
export function createAlertsCheck({ counts, trouble }: AlertsCheckOptions): HealthCheck {
  return {
    name: 'alerts',
    run: async () => {
      const { waiting, dead } = await counts();
      const detail = `${waiting} messages wait, ${dead} were given up.`;
      const why = trouble();
      if (why === undefined && dead === 0) return { status: 'healthy', detail };
      return {
        status: 'degraded',
        detail: why === undefined ? detail : `${detail} The last try failed: ${why}`,
        remedy:
          'Check BEDROCK_WEBHOOK_URL; `kairos-bedrock-mcp alerts list` and `alerts replay` show and send what was given up.',
      };
    },
  };
}
