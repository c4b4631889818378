import { isIP } from 'node:net'
import type { Finding } from '../lib/finding.ts'
import type { Config } from './config.ts'

/** Addresses that lead to whoever asks, or to nobody. */
const NOWHERE = /^(0\.0\.0\.0|\[::\])$/
const HERE = /^(localhost|127\.[\d.]+|\[::1\])$/

/** Whether what clients are told as the service's address can be one. Looks at its text alone. */
export const examineAddress = (config: Config): Finding[] => [
  ...examineText(config),
  ...examineProxies(config),
]

const examineText = ({ http, isProduction }: Config): Finding[] => {
  if (!http.publicUrl) return []
  const { hostname, protocol, pathname } = new URL(http.publicUrl)
  const problems: [boolean, Omit<Finding, 'part' | 'setting'>][] = [
    [
      NOWHERE.test(hostname),
      {
        kind: 'wrong',
        found: 'It is the address of no host.',
        remedy: 'Name the one that clients reach the API by.',
      },
    ],
    [
      isProduction && HERE.test(hostname),
      {
        kind: 'costly',
        found: 'It leads clients to their own machine.',
        remedy: 'Name the one that they reach the API by.',
      },
    ],
    [
      isProduction && protocol === 'http:' && !HERE.test(hostname) && isIP(hostname) === 0,
      {
        kind: 'costly',
        found: 'Its images are not shown on pages that come by https.',
        remedy: 'Put a proxy that speaks TLS in front, and name its https address.',
      },
    ],
    [
      /\/(api|images)\b/.test(pathname),
      {
        kind: 'wrong',
        found: 'It ends in a path of the service’s own.',
        remedy: 'Leave out what follows the host, but for the path of a proxy.',
      },
    ],
  ]
  const [, problem] = problems.find(([isSo]) => isSo) ?? []
  if (problem) return [{ part: 'address', setting: 'PUBLIC_URL', ...problem }]
  return [{ part: 'address', kind: 'good', setting: 'PUBLIC_URL', found: 'It can be an address.' }]
}

/** What speaks TLS for us forwards requests, and is not named. */
const examineProxies = ({ http }: Config): Finding[] => {
  if (!http.publicUrl?.startsWith('https:') || http.trustedProxies !== undefined) return []
  return [
    {
      part: 'address',
      setting: 'TRUSTED_PROXIES',
      kind: 'costly',
      found: 'A proxy speaks TLS in front, and all who come through it count as one address.',
      remedy: 'Say how many proxies stand in front, or where they are.',
    },
  ]
}
