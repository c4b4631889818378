import { isIP } from 'node:net'
import { AppError } from '../errors.ts'
import { isPublicAddress } from './public-address.ts'

/** Ports below are other services', to which a webhook has nothing to say. */
const MIN_PORT = 1_024

/**
 * Names that never leave a machine, a network or a cluster, and those of other networks (RFC 6761, RFC 6762, RFC 7686, RFC 8375,
 * RFC 9476, ICANN's `internal` and its "name collision" study, Kubernetes' `svc`), to say so at once.
 */
const LOCAL_NAMES =
  /(^|\.)(localhost|localdomain|local|internal|intranet|private|corp|home|lan|svc|onion|alt|i2p|home\.arpa)$/

/**
 * A URL that a caller named, as of a webhook endpoint, in its plain form. Refuses what is wrong by itself; where a name
 * leads is looked at before every connection. `isPrivateAllowed` is for development. Throws `invalid_request`.
 */
export const parsePublicUrl = (text: string, isPrivateAllowed: boolean): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url) throw refused('must be a URL')
  if (url.username || url.password) throw refused('must not contain a user name or password')
  if (url.hash) throw refused('must not have a fragment (#…)')
  if (isPrivateAllowed) {
    if (!/^https?:$/.test(url.protocol)) throw refused('must be an http or https URL')
    return url.href
  }
  if (url.protocol !== 'https:') throw refused('must be an https URL')
  if (url.port && Number(url.port) < MIN_PORT) {
    throw refused(`must have the port 443, or one from ${MIN_PORT} on`)
  }
  if (!mayBePublic(hostOf(url))) throw refused('must be an address of the public internet')
  return url.href
}

/** The name or the bare IP address; the URL parser has brought every way of writing IPv4 into one. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '')

const mayBePublic = (host: string): boolean => {
  if (isIP(host)) return isPublicAddress(host)
  const name = host.replace(/\.$/, '')
  return name.includes('.') && !LOCAL_NAMES.test(name)
}

const refused = (message: string) => new AppError('invalid_request', message, { pointer: '/url' })
