import { defineConfig } from 'vite'

/** The dashboard, built into `dist/web`, from where the API serves it. */
export default defineConfig({
  root: import.meta.dirname,
  // Nothing is inlined: the pages' policy allows no script or style within them.
  build: { outDir: '../../dist/web', emptyOutDir: true, assetsInlineLimit: 0, target: 'es2022' },
})
