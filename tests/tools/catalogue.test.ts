import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { encode } from 'gpt-tokenizer';
import { serverInstructions } from '../../src/server/instructions.js';
import { listTool } from '../../src/server/tool-listing.js';
import { tools } from '../../tools/index.js';

const listing = tools.map(listTool);
const usualTools = tools.filter(({ toolset = 'core' }) => toolset === 'core' || toolset === 'sessions');
/** Set it to write the snapshots anew; look at the difference before you commit. */
const update = process.env['UPDATE_TOOL_SNAPSHOTS'] === 'true';

describe('tool catalogue', () => {
  it('has the tools of the contract', () => {
    expect(listing.map(({ name }) => name)).toEqual([
      'bedrock_invoke',
      'bedrock_route',
      'bedrock_batch',
      'bedrock_job',
      'bedrock_estimate',
      'bedrock_models',
      'bedrock_cost_report',
      'bedrock_health',
      'bedrock_session',
      'bedrock_feedback',
      'bedrock_embed',
      'bedrock_rerank',
      'bedrock_diagnose',
      'bedrock_cache',
      'bedrock_generate_text',
      'bedrock_smart_generate',
      'bedrock_batch_generate',
      'bedrock_list_models',
      'bedrock_health_check',
    ]);
  });

  it('costs less than 6,000 tokens to list, without what an operator has to ask for', () => {
    const usual = usualTools.map(listTool);
    const costs = usual.map((tool) => `${tool.name} ${encode(JSON.stringify(tool)).length}`);
    const total = encode(JSON.stringify({ tools: usual })).length;
    process.stdout.write(`tools/list of the default toolsets: ${total} tokens (${costs.join(', ')})\n`);
    expect(total).toBeLessThan(6_000);
  });

  it('names every tool in the instructions, within 2,000 characters', () => {
    const instructions = serverInstructions(usualTools);
    for (const { name } of usualTools) expect(instructions).toContain(`- ${name}: `);
    expect(instructions.length).toBeLessThan(2_000);
  });

  it('lets only the tools that call a model or change a choice be anything but read-only', () => {
    const reading = listing.filter(({ annotations }) => annotations.readOnlyHint).map(({ name }) => name);
    expect(reading).toEqual([
      'bedrock_route',
      'bedrock_job',
      'bedrock_estimate',
      'bedrock_models',
      'bedrock_cost_report',
      'bedrock_health',
      'bedrock_diagnose',
      'bedrock_list_models',
      'bedrock_health_check',
    ]);
  });

  describe.each(listing)('$name', (tool) => {
    it('has a title and a description of sensible length', () => {
      expect(tool.title.length).toBeGreaterThan(5);
      expect(tool.description.length).toBeGreaterThan(80);
      expect(tool.description.length).toBeLessThan(600);
      expect(tool.name).toMatch(/^bedrock_[a-z_]+$/);
    });

    it('sets every annotation', () => {
      const { annotations } = tool;
      expect(Object.keys(annotations).sort()).toEqual([
        'destructiveHint',
        'idempotentHint',
        'openWorldHint',
        'readOnlyHint',
      ]);
      for (const value of Object.values(annotations)) expect(typeof value).toBe('boolean');
    });

    it('publishes closed object schemas with snake_case names', () => {
      for (const schema of [tool.inputSchema, tool.outputSchema]) {
        expect(schema.type).toBe('object');
        expect(schema['additionalProperties']).toBe(false);
        for (const name of Object.keys(schema.properties)) expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
      }
      expect(tool.outputSchema.properties).toHaveProperty('error');
    });

    it('has no union at the top of its schemas, which some clients cannot read', () => {
      for (const schema of [tool.inputSchema, tool.outputSchema]) {
        expect(Object.keys(schema)).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(any|one|all)Of$/)]));
      }
    });

    it('gives an example that it takes', () => {
      const [example] = tool.inputSchema['examples'] as unknown[];
      const { error } = tools.find(({ name }) => name === tool.name)?.input.safeParse(example) ?? {};
      expect(error).toBeUndefined();
    });

    it('has not changed what it publishes', () => {
      const path = new URL(`./snapshots/${tool.name}.json`, import.meta.url);
      if (update) writeFileSync(path, `${JSON.stringify(tool, null, 2)}\n`);
      expect(existsSync(path)).toBe(true);
      expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(JSON.parse(JSON.stringify(tool)));
    });
  });
});
