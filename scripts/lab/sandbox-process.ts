import { loadCatalogue } from '../../src/models/catalogue/load-catalogue.js';
import { startSandbox } from '../../src/sandbox/sandbox.js';

/* The sandbox in a process of its own, so that it takes no time of the server that is measured. It ends with its parent. */

const sandbox = await startSandbox({ catalogue: loadCatalogue(), recordedCalls: 100_000 });
process.stdout.write(`${sandbox.url}\n`);
process.stdin.resume();
process.stdin.once('end', () => {
  void sandbox.close().then(() => process.exit(0));
});
