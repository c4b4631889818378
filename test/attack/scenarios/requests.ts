import { inLanes } from '../../chaos/in-lanes.ts'
import { createRandom } from '../../chaos/random.ts'
import { exactly, figure, toResult } from '../../chaos/result.ts'
import { countOf } from '../../chaos/scenario.ts'
import { createContractCheck } from '../../support/openapi.ts'
import { makePng } from '../../support/pictures.ts'
import type { Asked, Told } from '../ask.ts'
import type { Attack } from '../attack.ts'
import { withBystander } from '../bystander.ts'
import { createBelongings } from '../matrix/belongings.ts'
import { findProblemFault } from '../problems.ts'
import { createChoose } from '../requests/choose.ts'
import { readDocument } from '../requests/document.ts'
import { type Material, makeRequest } from '../requests/mutate-request.ts'
import { readAnswer } from '../requests/read-answer.ts'
import type { Target } from '../target.ts'
import { signJwt } from '../tokens/sign.ts'

/** A client or two, each of which asks again as soon as it is answered. */
const LANES = 3
const OWNERS = 30
/** Whatever the seed of the run, each request has one of its own, by which it can be sent again. */
const SEEDS_APART = 1_000_003

/**
 * Every operation of the document with wrong types, values, encodings and headers. None may be answered with a failure of the
 * server, and each refusal must be a problem document.
 */
export const requests: Attack = {
  name: 'requests',
  run: async (target, plan) => {
    const { stack, ask, watch, url } = target
    const count = countOf(plan, { full: 100_000, short: 400 })
    const raw: unknown = await (await fetch(`${url}/openapi.json`)).json()
    const material = { ...(await gather(target)), document: readDocument(raw) }
    const { operations } = material.document
    const contract = createContractCheck(raw as never)
    const alices = target.foreignTo('nobody')
    const byStatus = new Map<number, number>()
    const faults: string[] = []

    const send = async (n: number) => {
      const choose = createChoose(createRandom(plan.seed * SEEDS_APART + n))
      const operation = operations[n % operations.length]
      if (!operation) return
      const asked = makeRequest(choose, material, operation)
      const where = `#${n} ${asked.method} ${asked.path.slice(0, 300)}`
      const told = await ask(asked).catch((error: unknown) => {
        faults.push(`${where}: ${error}`)
        return undefined
      })
      if (!told) return
      byStatus.set(told.status, (byStatus.get(told.status) ?? 0) + 1)
      watch.readAnswer(where, told.headers, told.text, alices)
      // A path that was changed may be another operation's.
      const met = findOperation(operations, asked)
      const check = (answer: ReturnType<typeof readAnswer>) =>
        met ? contract.check(met.id, answer) : []
      for (const fault of findFaults(told, check)) {
        faults.push(`${where} ${describeBody(asked)}: ${fault}`)
      }
    }
    const ofOthers = await withBystander(target, plan, () =>
      inLanes(LANES, [...Array(count).keys()], send),
    )
    const checks = [
      figure('operations', operations.length),
      figure('requests', count),
      ...[...byStatus].sort().map(([status, times]) => figure(`${status} ×`, times)),
      exactly('wrong answers', faults.length, 0),
      ...ofOthers,
      ...(await target.checkStanding()),
    ]
    const details = [...faults.slice(0, 60), ...target.describeTrouble()]
    const line = { scenario: 'requests', backend: stack.backend }
    return [toResult(line, `mutated, seed ${plan.seed}`, checks, details)]
  },
}

const gather = async ({
  stack,
  secrets,
  newPrompt,
}: Target): Promise<Omit<Material, 'document'>> => {
  const { give } = createBelongings(stack)
  // Nobody who asks may see these.
  await give('alice', newPrompt('alice'))
  const owners = Array.from({ length: OWNERS }, (_, n) => `mutant-${n}`)
  const things = await Promise.all(owners.map((owner) => give(owner, `things of ${owner}`)))
  const tokens = await Promise.all(owners.map((sub) => signJwt(secrets.AUTH_JWT_SECRET, { sub })))
  return {
    ids: {
      id: things.flatMap(({ generation, upload, item, webhook }) => [
        generation,
        upload,
        item,
        webhook,
      ]),
      deliveryId: things.map(({ delivery }) => String(delivery)),
      digest: things.map(({ digest }) => digest),
      file: things.map(({ generation }) => generation),
    },
    credentials: [{}, ...tokens.map((token) => ({ authorization: `Bearer ${token}` }))],
    picture: await makePng(),
  }
}

/** The operation that a request is of, as Express finds it: a path that stands as it is before one with parts. */
const findOperation = <Op extends { method: string; path: string }>(
  operations: readonly Op[],
  { method, path }: { method: string; path: string },
): Op | undefined => {
  const plain = (path.split('?', 1)[0] ?? '').replace(/(?<=.)\/$/, '')
  const fits = (template: string): boolean =>
    new RegExp(`^${template.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`, 'i').test(plain)
  const own = operations.filter((each) => each.method.toUpperCase() === method.toUpperCase())
  return own.find((each) => each.path === plain) ?? own.find((each) => fits(each.path))
}

const MAY_FAIL = 503

const findFaults = (
  told: Told,
  checkContract: (answer: ReturnType<typeof readAnswer>) => string[],
): string[] => {
  const { status, headers, text } = told
  const fault = findProblemFault(told)
  if (fault) return [fault]
  if (status >= 500 && status !== MAY_FAIL) return [`${status}: ${text.slice(0, 300)}`]
  // Whoever says `If-None-Match: *` has what there is (RFC 9110, 13.1.2), of whatever route.
  if (status >= 400 || status === 304) return []
  return headers['content-type']?.startsWith('text/event-stream')
    ? []
    : checkContract(readAnswer(told))
}

const describeBody = ({ body, headers }: Asked): string =>
  `${JSON.stringify(headers)} ${String(body ?? '')}`.replace(/Bearer [\w.-]+/, '').slice(0, 400)
