import { createRequire } from 'node:module'

/** Found from `src/` and from `dist/src/` alike: a package may import itself by name. */
const manifest = createRequire(import.meta.url)('imageonce/package.json') as { version: string }

export const VERSION = manifest.version
