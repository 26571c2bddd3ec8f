// The compiler emits only code; the catalogue data is read at run time and goes beside it.
import { cpSync } from 'node:fs';

cpSync('src/models/catalogue', 'dist/src/models/catalogue', {
  recursive: true,
  filter: (source) => !source.endsWith('.ts'),
});
