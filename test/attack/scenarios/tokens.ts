import { exactly, figure, toResult } from '../../chaos/result.ts'
import type { Plan } from '../../chaos/scenario.ts'
import { AUDIENCE, ISSUER, startIssuer } from '../../support/jwks-server.ts'
import { createAsk, type Told } from '../ask.ts'
import type { Attack } from '../attack.ts'
import { createBelongings } from '../matrix/belongings.ts'
import { findProblemFault } from '../problems.ts'
import type { Target } from '../target.ts'
import { forgeForIssuer } from '../tokens/forged-for-issuer.ts'
import { forgeForSecret } from '../tokens/forged-for-secret.ts'
import { misbehaveWithKeys } from '../tokens/misbehaving-issuer.ts'
import { signJwt } from '../tokens/sign.ts'

/** What a token may be answered with where it is not good. */
const REFUSED = 401

/** Tokens that are forged in every way that a library ever fell for, against a shared secret and against an issuer's keys. */
export const tokens: Attack = {
  name: 'tokens',
  run: async (target, plan) => {
    const { give } = createBelongings(target.stack)
    await give('alice', target.newPrompt('alice'))
    const results = [await attackSecret(target), await attackIssuer(target, plan)]
    const line = { scenario: 'tokens', backend: target.stack.backend }
    const faults = results.flatMap((each) => each.faults)
    const checks = [
      figure(
        'forged tokens',
        results.reduce((sum, { count }) => sum + count, 0),
      ),
      exactly('accepted, or answered wrongly', faults.length, 0),
      ...(await target.checkStanding()),
    ]
    return [toResult(line, 'JWT and JWKS', checks, [...faults, ...target.describeTrouble()])]
  },
}

type Found = { count: number; faults: string[] }

const attackSecret = async (target: Target): Promise<Found> => {
  const { AUTH_JWT_SECRET } = target.secrets
  const good = await signJwt(AUTH_JWT_SECRET, { sub: 'alice' })
  const forged = await forgeForSecret(AUTH_JWT_SECRET)
  return {
    count: forged.length,
    faults: [
      ...(await findRefusal(target, target.ask, good)),
      ...(await findAccepted(target, target.ask, forged)),
      // The good one is good still.
      ...(await findRefusal(target, target.ask, good)),
    ],
  }
}

const attackIssuer = async (target: Target, plan: Plan): Promise<Found> => {
  const issuer = await startIssuer()
  const api = await target.startApi({
    AUTH_JWT_SECRET: '',
    AUTH_JWKS_URL: issuer.url,
    AUTH_ISSUER: ISSUER,
    AUTH_AUDIENCE: AUDIENCE,
  })
  const { ask, close } = createAsk(api.url)
  try {
    const good = await issuer.sign('ES256')
    const forged = await forgeForIssuer(issuer)
    const faults = [
      ...(await findRefusal(target, ask, good)),
      ...(await findAccepted(target, ask, forged)),
      ...(await findRefusal(target, ask, await issuer.sign('RS256'))),
      ...(await misbehaveWithKeys(target, plan)),
    ]
    return { count: forged.length, faults }
  } finally {
    close()
    await api.kill()
    await issuer.close()
  }
}

export type NamedToken = { name: string; token: string }

type Send = (asked: {
  method: string
  path: string
  headers: Record<string, string>
}) => Promise<Told>

const list = (ask: Send, token: string): Promise<Told> =>
  ask({
    method: 'GET',
    path: '/api/generations?owner=alice',
    headers: { authorization: `Bearer ${token}` },
  })

const findRefusal = async (_target: Target, ask: Send, token: string): Promise<string[]> => {
  const { status, text } = await list(ask, token)
  return status === 200 ? [] : [`a good token: ${status} ${text.slice(0, 200)}`]
}

const findAccepted = async (
  { watch, foreignTo }: Target,
  ask: Send,
  forged: readonly NamedToken[],
): Promise<string[]> => {
  const faults: string[] = []
  for (const { name, token } of forged) {
    const told = await list(ask, token)
    watch.readAnswer(name, told.headers, told.text, foreignTo('nobody'))
    const fault = findProblemFault(told)
    if (fault) faults.push(`${name}: ${fault}`)
    // A header of more than 16 KB is refused before anybody reads what it says.
    const expected = told.status === 431 ? 431 : REFUSED
    if (told.status !== expected) faults.push(`${name}: ${told.status} ${told.text.slice(0, 200)}`)
  }
  return faults
}
