import type { BedrockIntegrationService, HealthReport } from '../../core/integration-service.js';
import { sendJson } from './replies.js';
import type { Lifecycle, Routes } from './route.js';

export interface HealthRouteOptions {
  readonly service: () => Promise<BedrockIntegrationService>;
  /** The figures for a scraper, in the format the content type names. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
  readonly lifecycle: Lifecycle;
  /** Whether everybody may read why the server is not ready; /health tells it too. */
  readonly tellsReasons: boolean;
}

function toBody(report: HealthReport) {
  return {
    status: report.status,
    version: report.version,
    uptime_seconds: Math.round(report.uptimeSeconds),
    checks: report.checks.map(({ name, status, detail, remedy, checkedAtMs }) => ({
      name,
      status,
      detail,
      remedy,
      checked_at: new Date(checkedAtMs).toISOString(),
    })),
  };
}

/** Live: the process answers. Ready: calls can be served. Health: the same with its reasons. */
export function healthRoutes({ service, metrics, lifecycle, tellsReasons }: HealthRouteOptions): Routes {
  return {
    '/livez': { GET: async (_request, response) => sendJson(response, 200, { status: 'live' }) },
    '/readyz': {
      GET: async (_request, response) => {
        if (lifecycle.draining) {
          sendJson(response, 503, { status: 'stopping' });
          return;
        }
        const { status, checks } = await (await service()).health(false);
        const reasons = checks.filter((check) => check.status === 'unhealthy');
        const why = reasons.map(({ name, detail, remedy }) => ({ name, detail, remedy }));
        sendJson(response, status === 'unhealthy' ? 503 : 200, {
          status,
          ...(tellsReasons && why.length > 0 && { reasons: why }),
        });
      },
    },
    '/health': {
      GET: async (_request, response, url) => {
        const report = await (await service()).health(url.searchParams.get('deep') === 'true');
        sendJson(response, report.status === 'unhealthy' ? 503 : 200, toBody(report));
      },
    },
    '/metrics': {
      GET: async (_request, response) => {
        const { contentType, body } = await metrics();
        response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store' }).end(body);
      },
    },
  };
}
