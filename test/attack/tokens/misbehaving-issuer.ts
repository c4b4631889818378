import type { ServerResponse } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { Plan } from '../../chaos/scenario.ts'
import { startHttpServer } from '../../support/http-server.ts'
import { AUDIENCE, ISSUER } from '../../support/jwks-server.ts'
import { createAsk, type Told } from '../ask.ts'
import { findProblemFault } from '../problems.ts'
import type { Target } from '../target.ts'

type Behaviour = {
  name: string
  answer: (response: ServerResponse, keys: object) => void
  /** It passes for keys, which are not asked for again so soon: an API of its own meets it. */
  isKeys?: boolean
}

/** jose gives up after 5 s. */
const MAX_ANSWER_MS = 20_000

const json = (response: ServerResponse, body: unknown, status = 200) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

/** Under none of these may anybody be let in, and none may bring the server down. */
const BEHAVIOURS: readonly Behaviour[] = [
  { name: 'hangs', answer: () => {} },
  { name: 'hangs in its body', answer: (response) => response.write('{"keys":[') },
  { name: 'hangs up', answer: (response) => response.destroy() },
  {
    name: 'leads inside',
    answer: (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  },
  {
    name: 'leads in circles',
    answer: (response) => response.writeHead(307, { location: '/jwks.json' }).end(),
  },
  { name: 'answers 404', answer: (response) => json(response, {}, 404) },
  {
    isKeys: true,
    name: 'answers with no keys',
    answer: (response) => json(response, { keys: [] }),
  },
  { name: 'answers with null', answer: (response) => json(response, null) },
  { name: 'answers with a list', answer: (response) => json(response, []) },
  {
    name: 'answers with keys that are none',
    answer: (response) => json(response, { keys: [null, 7, {}] }),
  },
  {
    isKeys: true,
    name: 'answers with secrets',
    answer: (response) => json(response, { keys: [{ kty: 'oct', k: 'AAAA', alg: 'HS256' }] }),
  },
  {
    name: 'answers with HTML',
    answer: (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
  },
  {
    isKeys: true,
    name: 'answers with 20 MB',
    answer: (response) => json(response, { keys: [], x: 'y'.repeat(20_000_000) }),
  },
]

/** An issuer whose server does what it should not. Returns what went wrong. */
export const misbehaveWithKeys = async (target: Target, { form }: Plan): Promise<string[]> => {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' }] }
  let answer: Behaviour['answer'] = json
  const server = await startHttpServer((_request, response) => answer(response, keys))
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: 'k' })
    .setSubject('alice')
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setExpirationTime('1 h')
    .sign(privateKey)
  const headers = { authorization: `Bearer ${token}` }

  /** Meets them one after the other. */
  const meet = async (behaviours: readonly Behaviour[]): Promise<string[]> => {
    const api = await target.startApi({
      AUTH_JWT_SECRET: '',
      AUTH_JWKS_URL: `${server.url}/jwks.json`,
      AUTH_ISSUER: ISSUER,
      AUTH_AUDIENCE: AUDIENCE,
    })
    const { ask, close } = createAsk(api.url)
    const faults: string[] = []
    for (const behaviour of behaviours) {
      answer = behaviour.answer
      const told = await ask({ method: 'GET', path: '/api/generations', headers })
      target.watch.readAnswer(behaviour.name, told.headers, told.text, target.foreignTo('nobody'))
      for (const fault of findFaults(told)) faults.push(`the issuer ${behaviour.name}: ${fault}`)
    }
    close()
    await api.kill()
    return faults
  }
  try {
    const rest = BEHAVIOURS.filter(({ isKeys }) => !isKeys)
    const ofKeys = BEHAVIOURS.filter(({ isKeys }) => isKeys)
    const faults = await meet(
      form === 'full' ? rest : rest.filter(({ name }) => !/hangs( |$)/.test(name)),
    )
    for (const behaviour of form === 'full' ? ofKeys : ofKeys.slice(0, 1)) {
      faults.push(...(await meet([behaviour])))
    }
    return faults
  } finally {
    await server.close()
  }
}

const findFaults = (told: Told): string[] => {
  const fault = findProblemFault(told)
  const isRefused = told.status === 401 || told.status === 503
  return [
    ...(fault ? [fault] : []),
    ...(isRefused ? [] : [`${told.status} ${told.text.slice(0, 200)}`]),
    ...(told.ms > MAX_ANSWER_MS ? [`answered after ${told.ms} ms`] : []),
  ]
}
