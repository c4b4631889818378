import { build } from 'esbuild'

/** The page's script; React as in development, where StrictMode runs each effect twice. */
export const bundleReactPage = async (): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: ['test/support/react/page.tsx'],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'page',
    platform: 'browser',
    target: 'es2022',
    define: { 'process.env.NODE_ENV': '"development"' },
  })
  return outputFiles[0]?.text ?? ''
}
