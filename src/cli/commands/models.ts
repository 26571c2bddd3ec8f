import type { Command } from 'commander';
import type { ModelSummary } from '../../core/integration-service.js';
import type { TargetPrice } from '../../core/ports.js';
import type { ServeFlags } from '../arguments.js';
import { type CommandContext, takesJson, takesSettings } from '../command-context.js';
import type { Terminal } from '../terminal.js';
import { snakeCase } from '../views.js';

interface ModelFlags extends ServeFlags {
  readonly provider?: string;
  readonly family?: string;
  readonly capability?: string;
  readonly status?: string;
  readonly region?: string;
  readonly json?: boolean;
}

export function addModels(program: Command, { configure, terminal }: CommandContext): void {
  const command = program
    .command('models')
    .description('list the models with price, lifecycle and where they can be called')
    .argument('[model]', 'one model only')
    .option('--provider <name>', 'one provider only')
    .option('--family <name>', 'one family only')
    .option(
      '--capability <name>',
      'a kind (chat, embedding, rerank), an input modality, tools, system, streaming, reasoning or caching',
    )
    .option('--status <status>', 'lifecycle status')
    .option('--region <region>', 'callable from this region only');
  takesJson(takesSettings(command)).action(async (model: string | undefined, flags: ModelFlags) => {
    const { provider, family, capability, status, region } = flags;
    const given = Object.entries({ model, provider, family, capability, status, region });
    const filter = Object.fromEntries(given.filter(([, value]) => value !== undefined));
    const configuration = await configure(flags);
    const models = await configuration.withService((service) => service.models(filter));
    if (flags.json) terminal.json(snakeCase(models));
    else printModels(models, terminal);
  });
}

function priceText({ assumed, perQueryUsd, inputUsdPerMillion, outputUsdPerMillion }: TargetPrice): string {
  if (perQueryUsd !== undefined) return `${perQueryUsd} a query`;
  return `${assumed ? '≈ ' : ''}${inputUsdPerMillion}/${outputUsdPerMillion}`;
}

function printModels(models: readonly ModelSummary[], terminal: Terminal): void {
  terminal.table(
    ['model', 'kind', 'provider', 'status', 'context', '$ in/out per M', 'callable'],
    models.map(({ model, price, targets, refusal }) => [
      model.id,
      model.kind,
      model.provider,
      model.lifecycle.status,
      model.contextWindow === undefined ? '?' : model.contextWindow.toLocaleString('en'),
      price ? priceText(price) : '?',
      targets.length > 0
        ? terminal.style('green', [...new Set(targets.map((target) => target.region))].join(', '))
        : terminal.style('dim', refusal ?? 'no'),
    ]),
  );
  terminal.note(terminal.style('dim', `${models.length} models`));
}
