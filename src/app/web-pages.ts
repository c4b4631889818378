import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { WebPages } from '../adapters/http/web-pages.ts'
import type { Config } from './config.ts'

/** Found from `src/` and from `dist/src/` alike: a package may import itself by name. */
const manifest = createRequire(import.meta.url).resolve('imageonce/package.json')

/** Where `npm run build` puts what browsers load. */
export const BUILT_PAGES = join(dirname(manifest), 'dist')

/** The dashboard, and outside production the studio, which shows what an app does with the client library. */
export const createWebPages = ({ s3, isProduction }: Config, built: string): WebPages => ({
  sites: [
    ...(isProduction ? [] : [{ path: '/studio', directory: join(built, 'studio') }]),
    { path: '/', directory: join(built, 'web') },
  ],
  imageOrigins: s3
    ? [s3.endpoint, s3.publicBaseUrl ?? s3.endpoint].map((url) => new URL(url).origin)
    : [],
})
