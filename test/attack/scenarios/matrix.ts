import { inLanes } from '../../chaos/in-lanes.ts'
import { exactly, figure, toResult } from '../../chaos/result.ts'
import { createContractCheck } from '../../support/openapi.ts'
import { makePng } from '../../support/pictures.ts'
import type { Told } from '../ask.ts'
import type { Attack } from '../attack.ts'
import { addressOf, type Belongings, createBelongings } from '../matrix/belongings.ts'
import { type Identity, makeIdentities } from '../matrix/identities.ts'
import { findAccess, keepsTo, type Verdict, verdictOf } from '../matrix/rules.ts'
import type { Mount } from '../mounts.ts'
import { findProblemFault } from '../problems.ts'
import { readExamples } from '../requests/examples.ts'
import { readAnswer } from '../requests/read-answer.ts'
import type { Target } from '../target.ts'

type Cell = { mount: Mount; identity: Identity; verdict: Verdict }

const LANES = 8

/** Every route that the server has, as everyone: each may do what its rule says and nothing more. */
export const matrix: Attack = {
  name: 'matrix',
  run: async (target) => {
    const { mounts, watch, foreignTo, describeTrouble } = target
    const identities = await makeIdentities(target)
    const cells = mounts.flatMap((mount) => toCells(mount, identities))
    const unruled = mounts.filter((mount) => !findAccess(mount))
    const send = await createSend(target)
    const check = await createAnswerCheck(target)
    const { give, describe } = createBelongings(target.stack)
    const words = target.newPrompt('alice')
    const things = await give('alice', words)
    const before = await describe('alice')
    const faults: string[] = []
    let timesShown = 0

    const tryAll = (some: Cell[], choose: (cell: Cell) => Promise<Belongings>, lanes = LANES) =>
      inLanes(lanes, some, async (cell) => {
        const told = await send(cell, await choose(cell))
        const { identity } = cell
        const where = `${cell.mount.method} ${cell.mount.path} as ${identity.name}`
        // Operators see all owners'.
        const foreign = identity.standing === 'operator' ? {} : foreignTo(identity.owner)
        watch.readAnswer(where, told.headers, told.text, foreign)
        if (told.text.includes(words)) timesShown++
        for (const fault of [...findFaults(cell, told), ...check(cell, told)])
          faults.push(`${where}: ${fault}`)
      })
    await tryAll(
      cells.filter(({ verdict }) => verdict !== 'passes'),
      async () => things,
    )
    const isChanged = (await describe('alice')) !== before
    // What passes may take its object with it.
    const passing = cells.filter(({ verdict }) => verdict === 'passes')
    const tryPassing = (some: Cell[], lanes: number) =>
      tryAll(some, async ({ mount }) => (isReading(mount) ? things : give('alice', words)), lanes)
    await tryPassing(
      passing.filter((cell) => !rankOfEnd(cell)),
      LANES,
    )
    // Whoever is erased or signed out can do nothing any longer.
    const ending = passing.filter(rankOfEnd).sort((a, b) => orderOf(a) - orderOf(b))
    await tryPassing(ending, 1)
    const checks = [
      figure('routes', mounts.length),
      figure('identities', identities.length),
      figure('requests', cells.length),
      exactly('routes without a rule', unruled.length, 0),
      exactly('wrong answers', faults.length, 0),
      exactly('changes by who may not', Number(isChanged), 0),
      { name: 'answers that show alice’s words to her', measured: timesShown, min: 10 },
      ...(await target.checkStanding()),
    ]
    const details = [
      ...unruled.map(({ method, path }) => `no rule for ${method} ${path}`),
      ...faults,
      ...describeTrouble(),
    ]
    const line = { scenario: 'matrix', backend: target.stack.backend }
    return [toResult(line, 'routes × identities', checks, details)]
  },
}

const toCells = (mount: Mount, identities: readonly Identity[]): Cell[] => {
  const access = findAccess(mount)
  if (!access) return []
  return identities
    .filter((identity) => !endsItself(mount, identity))
    .map((identity) => ({
      mount,
      identity,
      verdict: verdictOf(access, identity, mount.method),
    }))
}

/** What would end the session that the others come by. */
const endsItself = ({ method, path }: Mount, { headers }: Identity): boolean =>
  `${method} ${path}` === 'delete /api/me/sessions' && 'cookie' in headers

const isReading = ({ method }: Mount): boolean => method === 'get' || method === 'head'

/** What ends paying or callers, in the order in which it can be: the last ends all sessions. */
const ENDS = [
  'post /api/spending/pause',
  'post /api/spending/resume',
  'delete /api/owners/{id}',
  'post /api/sessions/end',
  'delete /api/me',
  'delete /api/me/sessions',
  'delete /api/session',
]

const rankOfEnd = ({ mount }: Cell): number => ENDS.indexOf(`${mount.method} ${mount.path}`) + 1

/** An erasure ends its owner's sessions: they go first. */
const orderOf = (cell: Cell): number =>
  2 * rankOfEnd(cell) + Number(!('cookie' in cell.identity.headers))

/** Sends what the document gives as an example, so that it is the caller who decides. */
const createSend = async ({ ask, url }: Target) => {
  const { bodyOf } = await readExamples(url)
  const picture = await makePng()
  return ({ mount, identity }: Cell, things: Belongings): Promise<Told> => {
    const { type, body } = bodyOf(mount, picture)
    return ask({
      method: mount.method.toUpperCase(),
      path: addressOf(mount.path, things),
      headers: { ...identity.headers, ...(body && { 'content-type': type }) },
      ...(body && { body }),
    })
  }
}

/** What passes is answered as the document says. */
const createAnswerCheck = async ({ url }: Target) => {
  const document: unknown = await (await fetch(`${url}/openapi.json`)).json()
  const { check, operations } = createContractCheck(document as never)
  return ({ mount, verdict }: Cell, told: Told): string[] => {
    const found = operations.find(
      ({ method, path }) => method === mount.method && path === mount.path,
    )
    if (!found || verdict !== 'passes' || told.status >= 400) return []
    return check(found.operation.operationId, readAnswer(told))
  }
}

const findFaults = ({ mount, verdict }: Cell, told: Told): string[] => {
  const fault = findProblemFault(told, mount.method !== 'head')
  const isRight = keepsTo(verdict, told.status)
  return [
    ...(isRight ? [] : [`${told.status}, not "${verdict}": ${told.text.slice(0, 200)}`]),
    ...(fault ? [fault] : []),
  ]
}
