import { unescape as decodePercent } from 'node:querystring';
import type { Settings } from './settings.js';
import { settingValues } from './settings.js';
import type { SettingSource } from './sources.js';

/** One setting as it may be shown to people. */
export interface PrintableSetting {
  readonly variable: string;
  /** Undefined when it is not set. */
  readonly value: string | undefined;
  readonly source: SettingSource;
}

const mask = '********';

function maskCredentials(value: unknown): string {
  const url = new URL(String(value));
  if (url.username !== '') url.username = mask;
  if (url.password !== '') url.password = mask;
  return url.href;
}

function asText(value: unknown): string {
  if (Array.isArray(value)) return value.join(',');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

function printed(value: unknown, secret: 'value' | 'credentials' | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (secret === 'value') return isEmptyList(value) ? undefined : mask;
  return secret === 'credentials' ? maskCredentials(value) : asText(value);
}

/** Every setting under its variable, secrets masked. Durations are in seconds, as they are given. */
export function printableSettings(
  settings: Settings,
  sources: Readonly<Record<string, SettingSource>>,
): readonly PrintableSetting[] {
  return settingValues(settings).map(({ variable, secret, value, path }) => ({
    variable,
    value: path.at(-1)?.endsWith('Ms') ? `${Number(value) / 1_000}` : printed(value, secret),
    source: sources[variable] ?? 'default',
  }));
}

/** The secret values in force, for the redactor. */
export function secretsOf(settings: Settings): readonly string[] {
  return settingValues(settings).flatMap(({ value, secret }) => {
    if (secret === 'value' && Array.isArray(value)) return value.map(String);
    if (typeof value !== 'string' || !secret) return [];
    if (secret === 'value') return [value];
    const { password } = new URL(value);
    return password === '' ? [] : [password, decodePercent(password)];
  });
}
