import { createRequire } from 'node:module';
import * as Plot from '@observablehq/plot';
import { Resvg } from '@resvg/resvg-js';
import { parseHTML } from 'linkedom';
import type { ChartInput, ChartPoint } from './chart-input.js';

/* Runs in a thread of its own: a picture takes far longer than the event loop may stand still. */

const width = 960;
const titleHeight = 48;
const barHeight = 26;
const timeHeight = 320;
const keyMargin = 280;
const font = createRequire(import.meta.url).resolve('@expo-google-fonts/lato/400Regular/Lato_400Regular.ttf');
const fontFamily = 'Lato';
const style = { background: 'white', color: '#222', fontFamily, fontSize: '13px' };

/** A PNG picture: spend over time by group above, sums by group below, in the same colours. */
export function drawChart({ title, points, groups }: ChartInput): Uint8Array {
  const keys = groups.map(({ key }) => key);
  const parts = [
    ...(points.length > 0 ? [{ svg: overTime(points, keys), height: timeHeight }] : []),
    ...(groups.length > 0 ? [{ svg: byGroup(groups, keys), height: heightOf(groups) }] : []),
  ];
  let y = titleHeight;
  const placed = parts.map(({ svg, height }) => {
    const at = y;
    y += height + 12;
    return `<g transform="translate(0 ${at})">${svg}</g>`;
  });
  const heading = `<text x="16" y="30" font-family="${fontFamily}" font-size="18" fill="#222">${escaped(title)}</text>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}"><rect width="100%" height="100%" fill="white"/>${heading}${placed.join('')}</svg>`;
  const fonts = { fontFiles: [font], loadSystemFonts: false, defaultFontFamily: fontFamily };
  return new Resvg(svg, { font: fonts }).render().asPng();
}

const heightOf = (groups: ChartInput['groups']): number => groups.length * barHeight + 60;
const escaped = (text: string): string => text.replace(/[<>&"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

function overTime(points: readonly ChartPoint[], keys: readonly string[]): string {
  const spans = [...new Set(points.map(({ at }) => at))].toSorted();
  return markup({
    width,
    height: timeHeight,
    marginLeft: 80,
    marginBottom: 70,
    style,
    color: { domain: [...keys], scheme: 'tableau10' },
    x: { type: 'band', domain: spans, label: null, tickFormat: shortSpan, tickRotate: -40, ticks: thinned(spans) },
    y: { label: 'USD', grid: true, tickFormat: usdText },
    marks: [Plot.barY(points, { x: 'at', y: 'usd', fill: 'key' }), Plot.ruleY([0])],
  });
}

function byGroup(groups: ChartInput['groups'], keys: readonly string[]): string {
  const ends = groups.map(({ key, usd, share }) => ({
    key,
    usd,
    text: `${usdText(usd)} (${Math.round(share * 100)} %)`,
  }));
  return markup({
    width,
    height: heightOf(groups),
    marginLeft: keyMargin,
    marginRight: 130,
    marginBottom: 40,
    style,
    color: { domain: [...keys], scheme: 'tableau10' },
    x: { label: 'USD', tickFormat: usdText },
    y: { domain: [...keys], label: null, tickFormat: shortKey },
    marks: [
      Plot.barX(ends, { x: 'usd', y: 'key', fill: 'key' }),
      Plot.text(ends, { x: 'usd', y: 'key', text: 'text', textAnchor: 'start', dx: 6 }),
      Plot.ruleX([0]),
    ],
  });
}

function markup(options: Plot.PlotOptions): string {
  const { document } = parseHTML('<html><body></body></html>') as unknown as { readonly document: unknown };
  // Plot marks axes with arrows, which the font does not have.
  const plain = { ...options, x: { ...options.x, labelArrow: 'none' }, y: { ...options.y, labelArrow: 'none' } };
  // Its types are those of a browser, which this program does not have.
  const drawn: unknown = Plot.plot({ ...plain, document } as Plot.PlotOptions);
  return (drawn as { readonly outerHTML: string }).outerHTML;
}

/** As many ticks as have room. */
function thinned(spans: readonly string[]): string[] {
  const step = Math.ceil(spans.length / 31);
  return spans.filter((_, index) => index % step === 0);
}

/** `11-25` for a day, `11-25 13h` for an hour. */
const shortSpan = (at: string): string =>
  at.length > 10 ? `${at.slice(5, 10)} ${at.slice(11, 13)}h` : at.length === 10 ? at.slice(5) : at;

const mostKeyLetters = 38;
const shortKey = (key: string): string => {
  if (key === '') return '(none)';
  return key.length > mostKeyLetters ? `${key.slice(0, mostKeyLetters - 3)}...` : key;
};

function usdText(usd: number): string {
  if (usd === 0) return '$0';
  if (Math.abs(usd) >= 1) return `$${usd.toLocaleString('en', { maximumFractionDigits: 2 })}`;
  return `$${Number(usd.toPrecision(3))}`;
}
