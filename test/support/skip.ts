import { describe } from '@jest/globals'
import { findOnPath } from './programs.ts'

const SERVICES = {
  redis: {
    url: process.env.TEST_REDIS_URL,
    why: 'no redis-server on the PATH, TEST_REDIS_URL not set',
  },
  s3: {
    url: process.env.TEST_S3_ENDPOINT,
    why: 'no radosgw with ceph-mon and ceph-osd on the PATH, TEST_S3_ENDPOINT not set',
  },
  nginx: {
    url: findOnPath('nginx'),
    why: 'no nginx on the PATH',
  },
  chromium: {
    url: process.env.TEST_CHROMIUM,
    why: 'no chromium on the PATH, TEST_CHROMIUM not set',
  },
}

/** Like `describe`, or skipped with the reason told at the end of the run when the service is absent. */
export const describeWith = (
  service: keyof typeof SERVICES,
  name: string,
  define: () => void,
): void => {
  const { url, why } = SERVICES[service]
  describeWhen(Boolean(url), why, name, define)
}

/** Like `describe`, or skipped when `condition` is false; `why` then tells what is missing. */
export const describeWhen = (
  condition: boolean,
  why: string,
  name: string,
  define: () => void,
): void => {
  if (condition) describe(name, define)
  else describe.skip(`${name} (${why})`, define)
}
