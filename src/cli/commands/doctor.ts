import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import type { HealthStatus } from '../../core/ports.js';
import type { ServeFlags } from '../arguments.js';
import { type CommandContext, type Configuration, takesJson, takesSettings } from '../command-context.js';
import { saidFailure } from '../failures.js';
import type { Style, Terminal } from '../terminal.js';

interface Finding {
  readonly name: string;
  readonly status: HealthStatus;
  readonly detail: string;
  readonly remedy?: string;
}

const marks: Readonly<Record<HealthStatus, readonly [Style, string]>> = {
  healthy: ['green', '✓'],
  degraded: ['yellow', '!'],
  unhealthy: ['red', '✗'],
};

const oldestNode = [20, 19] as const;
const deepestPath = 64;

export function addDoctor(program: Command, { configure, terminal }: CommandContext): void {
  const command = program
    .command('doctor')
    .description('check everything that a call needs, with what to do; exit 1 if unhealthy');
  takesJson(takesSettings(command)).action(async (flags: ServeFlags & { json?: boolean }) => {
    const configuration = await configure(flags);
    const report = await configuration.withService((service) => service.health(true));
    const local = [nodeFinding(process.versions.node), await dataDirFinding(configuration)];
    const findings: readonly Finding[] = [...local, ...report.checks];
    const isHealthy = findings.every((finding) => finding.status !== 'unhealthy') && report.status !== 'unhealthy';
    if (flags.json)
      terminal.json({
        healthy: isHealthy,
        version: report.version,
        checks: findings,
        settings: changed(configuration),
      });
    else printFindings(findings, configuration, terminal);
    if (!isHealthy) throw saidFailure();
  });
}

/** The settings that are not at their default. */
const changed = ({ shown }: Configuration) => shown.filter(({ source }) => source !== 'default');

export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNewEnough = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  const finding = { name: 'node', detail: `Node.js ${version}` };
  if (isNewEnough) return { ...finding, status: 'healthy' };
  return { ...finding, status: 'unhealthy', remedy: `Install Node.js ${oldestNode.join('.')} or newer.` };
}

async function dataDirFinding({ shown }: Configuration): Promise<Finding> {
  const directory = shown.find(({ variable }) => variable === 'BEDROCK_DATA_DIR')?.value ?? '.';
  const isWritable = await canWrite(directory);
  const finding = { name: 'data_dir', detail: directory };
  if (isWritable) return { ...finding, status: 'healthy' };
  return {
    ...finding,
    status: 'unhealthy',
    remedy: 'Make the directory writable, or set BEDROCK_DATA_DIR to another one.',
  };
}

/** Whether the directory, or the nearest parent in which it could be made, may be written. */
async function canWrite(directory: string): Promise<boolean> {
  let place = directory;
  for (let level = 0; level < deepestPath; level += 1) {
    try {
      await access(place, constants.W_OK);
      return true;
    } catch (error) {
      const isMissing = typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
      if (!isMissing) return false;
      place = dirname(place);
    }
  }
  return false;
}

function printFindings(findings: readonly Finding[], configuration: Configuration, terminal: Terminal): void {
  for (const { name, status, detail, remedy } of findings) {
    const [style, mark] = marks[status];
    terminal.print(`${terminal.style(style, mark)} ${terminal.style('bold', name)}  ${detail}`);
    if (remedy) terminal.print(`    ${remedy}`);
  }
  terminal.print('');
  terminal.table(
    ['setting', 'value', 'from'],
    changed(configuration).map(({ variable, value, source }) => [variable, value ?? '', source]),
  );
}
