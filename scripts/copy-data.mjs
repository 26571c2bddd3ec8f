// The compiler emits only code; what is read at run time goes beside it.
import { cpSync } from 'node:fs';

cpSync('src/models/catalogue', 'dist/src/models/catalogue', {
  recursive: true,
  filter: (source) => !source.endsWith('.ts'),
});

cpSync('tools/views', 'dist/tools/views', { recursive: true, filter: (source) => !source.endsWith('.ts') });
