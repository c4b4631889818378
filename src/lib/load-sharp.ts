import type { SharpConstructor } from 'sharp'

let loaded: Promise<SharpConstructor> | undefined

/**
 * sharp, imported at first use: 60 ms and 30 MB that a process pays only when it touches images.
 * One thread an image, as libuv's pool already runs four side by side; no cache, as no image comes twice.
 */
export const loadSharp = (): Promise<SharpConstructor> => {
  loaded ??= import('sharp').then(({ default: sharp }) => {
    sharp.concurrency(1)
    sharp.cache(false)
    return sharp
  })
  return loaded
}
