import { connect } from 'node:net'
import { inLanes } from '../../chaos/in-lanes.ts'
import { createRandom } from '../../chaos/random.ts'
import { exactly, figure, toResult } from '../../chaos/result.ts'
import { countOf } from '../../chaos/scenario.ts'
import type { Attack } from '../attack.ts'
import { withBystander } from '../bystander.ts'
import { findProblemFault } from '../problems.ts'
import { type Choose, createChoose } from '../requests/choose.ts'
import { MALFORMED, type Malformed } from '../requests/malformed-http.ts'
import type { Target } from '../target.ts'
import { signJwt } from '../tokens/sign.ts'

const LANES = 3
const SEEDS_APART = 1_000_003

/** Longer than a request may take to arrive. */
const PATIENCE_MS = 45_000
const HANGS = '(hangs)'

/** Bytes that are no HTTP request, or two in one: each is answered with a problem document or its connection is closed. */
export const rawHttp: Attack = {
  name: 'raw-http',
  run: async (target, plan) => {
    const count = countOf(plan, { full: 5_000, short: 60 })
    const token = await signJwt(target.secrets.AUTH_JWT_SECRET, { sub: 'raw' })
    const faults: string[] = []
    const byStatus = new Map<string, number>()
    const sendOne = async (n: number) => {
      const choose = createChoose(createRandom(plan.seed * SEEDS_APART + n))
      const malformed = MALFORMED[n % MALFORMED.length]
      if (!malformed) return
      const answer = await sendRaw(target, malformed, choose, token)
      const heads = parseAnswers(answer)
      for (const { status } of heads) byStatus.set(status, (byStatus.get(status) ?? 0) + 1)
      if (heads.length === 0) byStatus.set('closed', (byStatus.get('closed') ?? 0) + 1)
      if (answer.endsWith(HANGS)) faults.push(`#${n} ${malformed.name}: never answered`)
      for (const fault of findFaults(malformed, heads))
        faults.push(`#${n} ${malformed.name}: ${fault}`)
      target.watch.readAnswer(malformed.name, {}, answer, target.foreignTo('raw'))
    }
    const ofOthers = await withBystander(target, plan, () =>
      inLanes(LANES, [...Array(count).keys()], sendOne),
    )
    const { status } = await target.ask({ method: 'GET', path: '/livez' })
    const checks = [
      figure('connections', count),
      ...[...byStatus].sort().map(([each, times]) => figure(`${each} ×`, times)),
      exactly('wrong answers', faults.length, 0),
      ...ofOthers,
      exactly('status of /livez afterwards', status, 200),
      ...(await target.checkStanding()),
    ]
    const details = [...faults.slice(0, 40), ...target.describeTrouble()]
    const line = { scenario: 'raw-http', backend: target.stack.backend }
    return [toResult(line, `malformed, seed ${plan.seed}`, checks, details)]
  },
}

/** All that comes back until the connection is closed, by either side. */
const sendRaw = (
  { url }: Target,
  { make, leavesEarly = false }: Malformed,
  choose: Choose,
  token: string,
): Promise<string> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    let told = ''
    socket.setTimeout(PATIENCE_MS, () => {
      told += HANGS
      socket.destroy()
    })
    socket.on('data', (chunk) => {
      told += chunk.toString('latin1')
    })
    socket.on('error', () => {})
    socket.once('close', () => resolve(told))
    socket.write(make(choose, token), () => {
      if (leavesEarly) socket.destroy()
      else socket.end()
    })
  })

type Head = { status: string; type: string; body: string }

/** Each answer on the connection; their bodies have a length or come in chunks. */
const parseAnswers = (text: string): Head[] =>
  text
    .split(/(?=HTTP\/1\.1 \d{3} )/)
    .filter((part) => part.startsWith('HTTP/1.1 '))
    .map((part) => {
      const [head = '', ...rest] = part.split('\r\n\r\n')
      return {
        status: head.slice(9, 12),
        type: /^content-type: (.*)$/im.exec(head)?.[1] ?? '',
        body: rest.join('\r\n\r\n'),
      }
    })

const findFaults = ({ maxAnswers = 1 }: Malformed, heads: Head[]): string[] => {
  const refusals = heads.map(({ status, type, body }) =>
    findProblemFault(
      { status: Number(status), headers: { 'content-type': type }, text: body },
      // That of a HEAD has none, and that of a stream comes in chunks.
      body.startsWith('{'),
    ),
  )
  const failures = heads.filter(({ status }) => Number(status) >= 500)
  return [
    ...refusals.filter((fault) => fault !== undefined),
    ...failures.map(({ status, body }) => `${status} ${body.slice(0, 200)}`),
    // A body that is read as a request of its own is how requests are smuggled past a proxy.
    ...(heads.length > maxAnswers ? [`${heads.length} answers, at most ${maxAnswers}`] : []),
  ]
}
