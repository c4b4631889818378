import { defineConfig } from 'vite'

/** The studio, built into `dist/studio`, from where the API serves it outside production. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/studio/',
  // An app has the package installed; here it is the sources next door.
  resolve: { alias: { 'imageonce/client': `${import.meta.dirname}/../../src/client.ts` } },
  // Nothing is inlined: the pages' policy allows no script or style within them.
  build: { outDir: '../../dist/studio', emptyOutDir: true, assetsInlineLimit: 0, target: 'es2022' },
})
