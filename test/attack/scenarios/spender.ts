import { inLanes } from '../../chaos/in-lanes.ts'
import { pictureOf } from '../../chaos/provider.ts'
import { atMost, exactly, figure, toResult } from '../../chaos/result.ts'
import { countOf } from '../../chaos/scenario.ts'
import { settle } from '../../chaos/settle.ts'
import type { Attack } from '../attack.ts'
import { findProblemFault } from '../problems.ts'
import type { Target } from '../target.ts'
import { signJwt } from '../tokens/sign.ts'

const LANES = 8
const CALL_MS = 200
const SETTLE_MS = 600_000
/** What may be under way of one owner (`OWNER_MAX_IN_FLIGHT`). */
const MAX_IN_FLIGHT = 50
/** How many of the spender's are called for at most before another's one is: those that are out already, and a turn each. */
const MAX_BEFORE = 40

/** A client that asks for as much as it can: it is bounded, another owner has their turn, and nothing is paid for that nobody asked for. */
export const spender: Attack = {
  name: 'spender',
  run: async (target, plan) => {
    const { stack } = target
    const count = countOf(plan, { full: 3_000, short: 130 })
    const api = await target.startApi({ OWNER_MAX_IN_FLIGHT: String(MAX_IN_FLIGHT) })
    stack.provider.behave(({ prompt }) => pictureOf(prompt, CALL_MS))
    const worker = await stack.startWorker()
    await worker.untilReady()
    const spend = await createAsker(target, api.url, 'spender')
    const other = await createAsker(target, api.url, 'somebody else')
    const callsBefore = stack.provider.calls.length
    const faults: string[] = []
    let accepted = 0
    let refused = 0
    let mostInFlight = 0
    const floodOne = async (n: number) => {
      const told = await spend(`spent ${n}`)
      const fault = findProblemFault(told)
      if (told.status < 300) accepted++
      else if (told.status === 429 && told.retryAfter) refused++
      else faults.push(`#${n}: ${told.status} ${told.text.slice(0, 200)}`)
      if (fault) faults.push(`#${n}: ${fault}`)
      if (n % 50 === 0) mostInFlight = Math.max(mostInFlight, await countInFlight(target))
      if (n === Math.floor(count / 2)) {
        const { status, text } = await other('the one picture of somebody else')
        if (status >= 300) faults.push(`somebody else: ${status} ${text.slice(0, 200)}`)
      }
    }
    await inLanes(LANES, [...Array(count).keys()], floodOne)
    await settle(stack, SETTLE_MS)
    const calls = stack.provider.calls
      .slice(callsBefore)
      .map(({ prompt }) => prompt)
      // Others may have left some on a server that is shared.
      .filter((prompt) => /^spent |somebody else/.test(prompt))
    const checks = [
      figure('asked', count),
      figure('accepted', accepted),
      figure('refused until later', refused),
      exactly('wrong answers', faults.length, 0),
      atMost('in flight', mostInFlight, MAX_IN_FLIGHT),
      exactly('prompts that were called for', new Set(calls).size, accepted + 1),
      exactly('calls that are not in the books', await countUnbooked(target, calls.length), 0),
      exactly('calls for somebody else', calls.filter((each) => /else/.test(each)).length, 1),
      atMost('called for before them', await countBefore(target), MAX_BEFORE),
      ...(await target.checkStanding()),
    ]
    await Promise.all([worker.kill(), api.kill()])
    const line = { scenario: 'spender', backend: stack.backend }
    return [toResult(line, 'a flood of new requests', checks, [...faults.slice(0, 20)])]
  },
}

const createAsker = async ({ secrets }: Target, url: string, owner: string) => {
  const token = await signJwt(secrets.AUTH_JWT_SECRET, { sub: owner })
  return async (prompt: string) => {
    const response = await fetch(`${url}/api/visualize/generate`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ prompt }),
    })
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      retryAfter: response.headers.get('retry-after'),
      text: await response.text(),
    }
  }
}

const countInFlight = async ({ stack: { db } }: Target): Promise<number> => {
  const open = await db
    .selectFrom('generations')
    .select('id')
    .where('ownerId', '=', 'spender')
    .where('status', 'in', ['queued', 'running'])
    .execute()
  return open.length
}

/** A call of a worker that loses its claim is made once more, and booked for that. */
const countUnbooked = async ({ stack: { db } }: Target, calls: number): Promise<number> => {
  const booked = await db
    .selectFrom('attempts')
    .innerJoin('generations', 'generations.id', 'attempts.generationId')
    .select('attempts.id')
    .where('generations.ownerId', 'in', ['spender', 'somebody else'])
    .execute()
  return calls - booked.length
}

/** How many of the spender's that were asked for before the other one's were started while it waited. */
const countBefore = async ({ stack: { db } }: Target): Promise<number> => {
  const other = await db
    .selectFrom('generations')
    .select(['createdAt', 'startedAt'])
    .where('ownerId', '=', 'somebody else')
    .executeTakeFirstOrThrow()
  const meanwhile = await db
    .selectFrom('generations')
    .select('id')
    .where('ownerId', '=', 'spender')
    .where('startedAt', '>', other.createdAt)
    .where('startedAt', '<', other.startedAt)
    .execute()
  return meanwhile.length
}
