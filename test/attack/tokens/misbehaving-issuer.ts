import type { ServerResponse } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { startHttpServer } from '../../support/http-server.ts'
import { AUDIENCE, ISSUER } from '../../support/jwks-server.ts'
import { createAsk } from '../ask.ts'
import { findProblemFault } from '../problems.ts'
import type { Target } from '../target.ts'

type Behaviour = { name: string; answer: (response: ServerResponse, keys: object) => void }

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
  { name: 'answers with no keys', answer: (response) => json(response, { keys: [] }) },
  { name: 'answers with null', answer: (response) => json(response, null) },
  { name: 'answers with a list', answer: (response) => json(response, []) },
  {
    name: 'answers with keys that are none',
    answer: (response) => json(response, { keys: [null, 7, {}] }),
  },
  {
    name: 'answers with secrets',
    answer: (response) => json(response, { keys: [{ kty: 'oct', k: 'AAAA', alg: 'HS256' }] }),
  },
  {
    name: 'answers with HTML',
    answer: (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
  },
  {
    name: 'answers with 20 MB',
    answer: (response) => json(response, { keys: [], x: 'y'.repeat(20_000_000) }),
  },
]

/** An issuer whose server does what it should not. Returns what went wrong. */
export const misbehaveWithKeys = async (target: Target): Promise<string[]> => {
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
  const faults: string[] = []
  try {
    const api = await target.startApi({
      AUTH_JWT_SECRET: '',
      AUTH_JWKS_URL: `${server.url}/jwks.json`,
      AUTH_ISSUER: ISSUER,
      AUTH_AUDIENCE: AUDIENCE,
    })
    const { ask, close } = createAsk(api.url)
    const list = () =>
      ask({
        method: 'GET',
        path: '/api/generations',
        headers: { authorization: `Bearer ${token}` },
      })
    for (const { name, answer: next } of BEHAVIOURS) {
      answer = next
      const told = await list()
      const fault = findProblemFault(told)
      if (fault) faults.push(`the issuer ${name}: ${fault}`)
      const isRefused = told.status === 401 || told.status === 503
      if (!isRefused) faults.push(`the issuer ${name}: ${told.status} ${told.text.slice(0, 200)}`)
      if (told.ms > MAX_ANSWER_MS) faults.push(`the issuer ${name}: answered after ${told.ms} ms`)
      target.watch.readAnswer(name, told.headers, told.text, target.foreignTo('nobody'))
    }
    close()
    await api.kill()
  } finally {
    await server.close()
  }
  return faults
}
