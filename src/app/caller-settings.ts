import { isIP } from 'node:net'
import { z } from 'zod'
import {
  defaultRateLimits,
  RATE_CLASS_NAMES,
  type RateClass,
} from '../adapters/http/rates/rate-classes.ts'

/** `off`, or `class=times a minute` with commas between them; classes that are not named keep their defaults. */
export const rateLimitsSchema = z.string().transform((text, context) => {
  if (text.trim() === 'off') return 'off' as const
  const limits = defaultRateLimits()
  for (const pair of text.split(',')) {
    const [, name, perMinute] = /^\s*([\w-]+)\s*=\s*(\d{1,9})\s*$/.exec(pair) ?? []
    if (!RATE_CLASS_NAMES.some((each) => each === name) || Number(perMinute) < 1) {
      const names = RATE_CLASS_NAMES.join(', ')
      const message = `must be off, or class=number with commas between them, as in ask=600; the classes are ${names}`
      context.addIssue({ code: 'custom', message })
      return z.NEVER
    }
    limits[name as RateClass] = Number(perMinute)
  }
  return limits
})

const PROXY_NETWORKS = ['loopback', 'linklocal', 'uniquelocal']
const isNetwork = (text: string): boolean => {
  const [address = '', bits, ...rest] = text.split('/')
  const version = isIP(address)
  const isRange =
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 6 ? 128 : 32))
  return version > 0 && isRange && rest.length === 0
}
/** How many proxies stand in front, or where they are. */
export const proxiesSchema = z.string().transform((text, context) => {
  if (/^\s*\d{1,2}\s*$/.test(text)) return Number(text)
  const networks = text.split(',').map((network) => network.trim())
  if (networks.every((each) => PROXY_NETWORKS.includes(each) || isNetwork(each))) return networks
  const message = `must be how many proxies stand in front, or their addresses with commas between them, as in 10.0.0.0/8 or ${PROXY_NETWORKS.join(', ')}`
  context.addIssue({ code: 'custom', message })
  return z.NEVER
})
