import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { build } from 'esbuild';
import { type Browser, chromium, type FrameLocator, type Page } from 'playwright-core';
import { costReportViewUri } from '../../tools/views/cost-report-view.js';
import {
  type ConnectedServer,
  callTool,
  connectOverStdio,
  type ServerFolder,
  serverFolder,
} from '../support/built-server.js';
import type {} from './fixtures/host-page.js';

/* The built server, its view in a real browser, and between them a host made with the SDK of MCP Apps. */

const browserPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

let folder: ServerFolder;
let server: ConnectedServer;
let client: Client;
let browser: Browser;
let page: Page;
let view: FrameLocator;
let html: string;
const asked: unknown[] = [];

const report = async (args: Record<string, unknown> = {}) =>
  (await client.callTool({ name: 'bedrock_cost_report', arguments: args })) as CallToolResult;

beforeAll(async () => {
  if (browserPath === undefined) throw new Error('These tests need Chromium: apt-get install -y chromium');
  folder = serverFolder({ BEDROCK_DAILY_COST_LIMIT: '5' });
  server = await connectOverStdio(['--sandbox'], folder.env);
  client = server.client;
  for (const model of ['claude-sonnet', 'nova-lite'])
    await callTool(client, 'bedrock_invoke', { prompt: 'hello', model });
  const { contents } = await client.readResource({ uri: costReportViewUri });
  const [content] = contents;
  expect(content?.mimeType).toBe('text/html;profile=mcp-app');
  html = content && 'text' in content ? content.text : '';
  const host = await build({
    entryPoints: ['tests/views/fixtures/host-page.ts'],
    bundle: true,
    write: false,
    format: 'iife',
  });
  browser = await chromium.launch({ executablePath: browserPath, args: quiet });
  page = await browser.newPage({ viewport: { width: 680, height: 560 } });
  await page.exposeFunction('callTool', (args: Record<string, unknown>) => {
    asked.push(args);
    return report(args);
  });
  await page.setContent('<!doctype html><body></body>');
  await page.addScriptTag({ content: host.outputFiles[0]?.text ?? '' });
  view = page.frameLocator('iframe');
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await server?.close();
  folder?.remove();
}, 30_000);

const show = async (theme: 'light' | 'dark', result: CallToolResult) =>
  page.evaluate(([text, look, first]) => window.showView(text, look, first), [html, theme, result] as const);
const textOf = (selector: string) => view.locator(selector).textContent();
const inkOf = () => view.locator('h1').evaluate((heading) => getComputedStyle(heading).color);

describe('the view of the cost report', () => {
  it('is named by the tool in both forms that hosts know', async () => {
    const { tools } = await client.listTools();
    const tool = tools.find(({ name }) => name === 'bedrock_cost_report');
    expect(tool?._meta).toEqual({ ui: { resourceUri: costReportViewUri }, 'ui/resourceUri': costReportViewUri });
  });

  it('draws spend, groups, time and budgets', async () => {
    const result = await report();
    const { totals, groups } = result.structuredContent as { totals: { calls: number }; groups: { key: string }[] };
    await show('light', result);
    await view.locator('#report').waitFor();
    expect(await textOf('#total')).toMatch(/^\$0\.0/);
    expect(await textOf('#period')).toContain(`${totals.calls} calls`);
    expect(groups.length).toBeGreaterThan(1);
    for (const { key } of groups) expect(await textOf('#groups')).toContain(key);
    expect(await textOf('#budgets')).toContain('of $5.00');
    expect(await view.locator('#series rect').count()).toBeGreaterThan(0);
    const heights = await page.evaluate(() => window.heights);
    expect(Math.max(...heights)).toBeGreaterThan(200);
  });

  it('asks for another period when its button is pressed', async () => {
    await view.getByRole('button', { name: '7 days' }).click();
    await view.locator('button[aria-pressed="true"]', { hasText: '7 days' }).waitFor();
    expect(asked.at(-1)).toEqual({ period: 'last_7_days' });
    expect(await textOf('#total')).toMatch(/^\$/);
  });

  it('can be read in light and in dark, and follows a change', async () => {
    await show('dark', await report());
    await view.locator('#report').waitFor();
    expect(await inkOf()).toBe('rgb(236, 236, 236)');
    await page.evaluate(() => window.setTheme('light'));
    await view.locator('html[style*="light"]').waitFor();
    expect(await inkOf()).toBe('rgb(26, 26, 26)');
  });

  it('says what is wrong, and takes no text for markup', async () => {
    const failed = await report({ period: 'custom', from: '2026-02-01', to: '2026-01-01' });
    await show('light', failed);
    await view.getByText('`from` must lie before `to`.').waitFor();
    const evil = await report();
    const structured = evil.structuredContent as { groups: { key: string }[] };
    const [first] = structured.groups;
    if (first) first.key = '<img src=x onerror="document.title=1">';
    await show('light', evil);
    await view.locator('#report').waitFor();
    expect(await view.locator('img').count()).toBe(0);
    expect(await textOf('#groups')).toContain('<img src=x');
  });
});
