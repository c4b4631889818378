import { findOnPath } from './programs.ts'
import { startRadosgw } from './radosgw.ts'
import { useRunFolder } from './run-folder.ts'
import { startPostgres } from './test-postgres.ts'
import { startRedis } from './test-redis.ts'

export type Release = () => Promise<void>

/**
 * Starts what the tests need and the environment does not give, once for a whole run, and publishes it as
 * `TEST_…` variables. A service that is not installed is left out. The result stops all of them, and
 * may be called again.
 */
export const startServices = async (environment: NodeJS.ProcessEnv): Promise<Release> => {
  const removeRunFolder = await useRunFolder(environment)
  const starts = [startPostgres, startRedis, startS3, findChromium]
  const results = await Promise.allSettled(starts.map((start) => start(environment)))
  const releases = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= Promise.allSettled(releases.map((release) => release()))
      .then(throwFirst)
      .finally(removeRunFolder)
    return stopped
  }
  try {
    throwFirst(results)
  } catch (error) {
    await stop().catch(() => {})
    throw error
  }
  return stop
}

const throwFirst = (results: PromiseSettledResult<unknown>[]) => {
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

const startS3 = async (environment: NodeJS.ProcessEnv): Promise<Release[]> => {
  if (environment.TEST_S3_ENDPOINT) return []
  const radosgw = await startRadosgw()
  if (!radosgw) return []
  environment.TEST_S3_ENDPOINT = radosgw.endpoint
  environment.TEST_S3_ACCESS_KEY_ID = radosgw.accessKeyId
  environment.TEST_S3_SECRET_ACCESS_KEY = radosgw.secretAccessKey
  return [radosgw.stop]
}

const CHROMIUM_NAMES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome']

const findChromium = async (environment: NodeJS.ProcessEnv): Promise<Release[]> => {
  const path = environment.TEST_CHROMIUM ?? CHROMIUM_NAMES.map(findOnPath).find(Boolean)
  if (path) environment.TEST_CHROMIUM = path
  return []
}
