/** A part of the service, as `/readyz` names it; `access` is what the settings say of who may call, `prices` of what calls cost. */
export type Part =
  | 'database'
  | 'queue'
  | 'store'
  | 'model'
  | 'address'
  | 'folder'
  | 'access'
  | 'prices'

/** What looking at a part came to. */
export type Finding = {
  part: Part
  /** `wrong` does not heal by itself, `away` may; `costly` works, at a price that `found` tells. */
  kind: 'good' | 'costly' | 'away' | 'wrong'
  /** The setting to look at. */
  setting: string
  /** A sentence that quotes no value of a setting, as strangers may read it. */
  found: string
  /** What to do about it, a sentence. */
  remedy?: string
}

/** What an error of a part means, without the part. */
export type Explanation = Omit<Finding, 'part'>

export const formatFinding = ({ setting, found, remedy }: Explanation): string =>
  [`${setting}: ${found}`, remedy].filter(Boolean).join(' ')

type Means = Pick<Explanation, 'kind' | 'found' | 'remedy'>

/** What the system, the network or TLS says when a server is not reached; undefined for what a server itself says. */
export const explainNetwork = (error: unknown): Means | undefined => {
  const code = findCode(error)
  const found = code === undefined ? undefined : NETWORK[code]
  if (found) return found
  if (code && TLS.test(code)) {
    return {
      kind: 'wrong',
      found: `Its certificate is not trusted (${code}).`,
      remedy: 'Name the host that the certificate is for, or give NODE_EXTRA_CA_CERTS its issuer.',
    }
  }
  if (/time(d )?out|(no|not) answer|connection (is )?(closed|terminated)/i.test(messagesOf(error)))
    return NO_ANSWER
  return code && /^E[A-Z]+$/.test(code)
    ? { ...NO_WAY, found: `It is not reached (${code}).` }
    : undefined
}

/** The first code in an error and its causes. */
export const findCode = (error: unknown): string | undefined => {
  for (const each of chainOf(error)) {
    const { code } = each as { code?: unknown }
    // Those of our own errors are words.
    if (typeof code === 'string' && /^[0-9A-Z_]+$/.test(code)) return code
  }
  return undefined
}

/** An error, what it was caused by, and so on. */
export const chainOf = (error: unknown): object[] => {
  const chain: object[] = []
  for (let each = error; each instanceof Object && chain.length < MAX_CAUSES; ) {
    chain.push(each)
    each = (each as { cause?: unknown }).cause
  }
  return chain
}

const MAX_CAUSES = 5

const messagesOf = (error: unknown): string =>
  chainOf(error)
    .map(({ message }: { message?: unknown }) => String(message ?? ''))
    .join(' ')

const NO_WAY = { kind: 'away', remedy: 'Correct the host, or the network to it.' } as const
const NO_ANSWER: Means = {
  kind: 'away',
  found: 'It does not answer.',
  remedy: 'Correct the host and port, or the network to it.',
}

const NETWORK: Record<string, Means> = {
  ECONNREFUSED: {
    kind: 'away',
    found: 'Nothing listens at its host and port.',
    remedy: 'Start it, or correct them.',
  },
  ENOENT: { kind: 'away', found: 'There is no such socket.', remedy: 'Start it, or correct it.' },
  ENOTFOUND: {
    kind: 'away',
    found: 'There is no host of that name.',
    remedy: 'Correct the host, or wait for its name to be known.',
  },
  EAI_AGAIN: { ...NO_WAY, found: 'The name of its host can’t be looked up.' },
  EHOSTUNREACH: { ...NO_WAY, found: 'Its host can’t be reached.' },
  EHOSTDOWN: { ...NO_WAY, found: 'Its host is down.' },
  ENETUNREACH: { ...NO_WAY, found: 'Its network can’t be reached.' },
  ENETDOWN: { ...NO_WAY, found: 'The network is down.' },
  ECONNRESET: { ...NO_WAY, found: 'It breaks connections off.' },
  EPROTO: {
    kind: 'wrong',
    found: 'It does not speak TLS there.',
    remedy: 'Correct the port, or the protocol in the address.',
  },
}

/** OpenSSL's codes for certificates, and Node's own. */
const TLS = /CERT|SIGNATURE|^ERR_(TLS|SSL)/
