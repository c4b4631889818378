import { build } from 'esbuild'

/** The client as an app's bundler would put it into a page: one script that leaves its exports in `imageonce`. */
export const bundleClient = async (format: 'esm' | 'iife' = 'esm'): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: ['src/client.ts'],
    bundle: true,
    minify: true,
    write: false,
    format,
    globalName: 'imageonce',
    platform: 'browser',
    target: 'es2022',
  })
  return outputFiles[0]?.text ?? ''
}
