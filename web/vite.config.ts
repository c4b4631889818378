import { defineConfig } from 'vite'
import { paintFirst } from './paint-first.ts'

/** The dashboard and the reference, built into `dist/web`, from where the API serves them. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [paintFirst()],
  // Nothing is inlined: the pages' policy allows no script or style within them.
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: 'es2022',
    chunkSizeWarningLimit: 2_000,
    rolldownOptions: {
      input: [`${import.meta.dirname}/index.html`, `${import.meta.dirname}/docs/index.html`],
      // Its advice is about builds that take far longer than this one.
      checks: { pluginTimings: false },
    },
  },
})
