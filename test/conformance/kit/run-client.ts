import { createHash } from 'node:crypto'
import { type Call, calls, type Outcome } from './calls.ts'
import type { Client, ExpectedError, Failing } from './client.ts'
import type { Service } from './service.ts'

/** What a client could do: `works`, or why not. */
export type Verdict = { what: Call['what'] } & (
  | { kind: 'works'; paidFirst: number; paidAgain: number }
  | { kind: 'lacks'; why: string }
  | { kind: 'fails'; why: string }
)

/** Makes all calls twice, one after the other, and says of each what came of it. */
export const runClient = async (service: Service, client: Client): Promise<Verdict[]> => {
  const able = calls.filter(({ what }) => client.lacks?.[what] === undefined)
  const first = await runRound(service, client, able)
  const again = await runRound(service, client, able)
  return calls.map((call) => {
    const { what } = call
    const why = client.lacks?.[what]
    if (why !== undefined) return { what, kind: 'lacks', why }
    return judge(client, call, first.get(what), again.get(what))
  })
}

type Made = { outcome: Outcome; paid: number }

const runRound = async (
  { grounds, countPaid }: Service,
  client: Client,
  able: readonly Call[],
): Promise<Map<Call['what'], Made>> => {
  const made = new Map<Call['what'], Made>()
  for (const { what, run } of able) {
    const words = `A fox by ${client.name} (${what})`
    const before = countPaid(words)
    const outcome = await run(client, grounds, words).then(
      (pictures) => ({ pictures }),
      (error: unknown) => ({ error }),
    )
    made.set(what, { outcome, paid: countPaid(words) - before })
  }
  return made
}

const judge = (client: Client, { what, pays }: Call, first?: Made, again?: Made): Verdict => {
  const fails = (why: string): Verdict => ({ what, kind: 'fails', why })
  if (!first || !again) return fails('was not made')
  const works: Verdict = { what, kind: 'works', paidFirst: first.paid, paidAgain: again.paid }
  const expected = client.errors[what as Failing]
  if (expected) {
    const wrong = [first, again].find(({ outcome }) => !isError(outcome, expected))
    return wrong
      ? fails(`${describe(wrong.outcome)} instead of ${describeExpected(expected)}`)
      : works
  }
  if ('error' in first.outcome) return fails(describe(first.outcome))
  if ('error' in again.outcome) return fails(`the second time: ${describe(again.outcome)}`)
  const pictures = first.outcome.pictures.map(digestOf)
  if (pictures.length !== Math.max(1, pays)) return fails(`${pictures.length} pictures`)
  if (new Set(pictures).size < pictures.length) return fails('the same picture several times')
  if (first.paid !== pays) return fails(`${first.paid} were paid for instead of ${pays}`)
  if (again.paid !== 0) return fails(`${again.paid} were paid for again`)
  const repeated = again.outcome.pictures.map(digestOf)
  if (repeated.sort().join() !== pictures.sort().join()) return fails('other bytes the second time')
  return works
}

const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

const isError = (outcome: Outcome, { name, status }: ExpectedError): boolean => {
  if (!('error' in outcome)) return false
  const found = lookAt(outcome.error)
  return found.name === name && (status === undefined || found.status === status)
}

const describeExpected = ({ name, status }: ExpectedError) => (status ? `${name} ${status}` : name)

const describe = (outcome: Outcome): string => {
  if (!('error' in outcome)) return `${outcome.pictures.length} pictures`
  const { name, status, message } = lookAt(outcome.error)
  return `${name} ${status ?? ''} ${message.slice(0, 200)}`
}

/** Clients name and number their errors in ways of their own. */
const lookAt = (error: unknown) => {
  if (!(error instanceof Error)) return { name: typeof error, status: undefined, message: '' }
  const { status, statusCode } = error as { status?: unknown; statusCode?: unknown }
  const name = error.name === 'Error' ? error.constructor.name : error.name
  return { name, status: status ?? statusCode, message: error.message }
}
