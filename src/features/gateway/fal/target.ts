/** Where our routes stand for fal's hosts. */
export const QUEUE_PATH = '/fal'
export const RUN_PATH = '/fal/run'

/** How many seconds a caller is ready to wait. */
export const TIMEOUT_HEADER = 'x-fal-request-timeout'

const PATH_OF_HOST: Readonly<Record<string, string>> = {
  'queue.fal.run': QUEUE_PATH,
  'fal.run': RUN_PATH,
}

/**
 * Our own address for one of fal's, with its query; undefined for every other, and for what is no address. It is only ever read:
 * nothing is sent to fal.
 */
export const findOwnAddress = (target: string): string | undefined => {
  const url = URL.canParse(target) ? new URL(target) : undefined
  if (url?.protocol !== 'https:' || url.port !== '') return undefined
  const path = PATH_OF_HOST[url.hostname]
  return path && `${path}${url.pathname}${url.search}`
}
