import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { exactly, figure, toResult } from '../../chaos/result.ts'
import { listSsrfUrls } from '../../support/ssrf-urls.ts'
import { waitFor } from '../../support/wait-for.ts'
import type { Attack } from '../attack.ts'
import { findProblemFault } from '../problems.ts'
import { signJwt } from '../tokens/sign.ts'

const OWNER = 'registrant'
/** Their names are resolved by the machine's own resolver here; `test/integration/webhook-ssrf.test.ts` answers for it. */
const NAMES = /^name/
const SHORT = 15

/** Addresses of webhooks that lead inside: none is registered, and none is connected to where it stands in the table all the same. */
export const webhookAddresses: Attack = {
  name: 'webhook-addresses',
  run: async (target, plan) => {
    const { stack, ask } = target
    let connections = 0
    const listener = createServer((socket) => {
      connections++
      socket.on('error', () => {}).destroy()
    }).listen(0, '::')
    await once(listener, 'listening')
    const all = listSsrfUrls((listener.address() as AddressInfo).port)
    const urls =
      plan.form === 'full' ? all : all.filter((_, n) => n % Math.ceil(all.length / SHORT) === 0)
    const token = await signJwt(target.secrets.AUTH_JWT_SECRET, { sub: OWNER })
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const faults: string[] = []
    for (const { url, kind } of urls.filter((each) => !NAMES.test(each.kind))) {
      const body = JSON.stringify({ url })
      const told = await ask({ method: 'POST', path: '/api/webhooks', headers, body })
      const fault = findProblemFault(told)
      if (told.status !== 400 || fault) faults.push(`${kind} ${url}: ${told.status} ${fault ?? ''}`)
    }

    const { db } = stack
    await db
      .insertInto('users')
      .values({ id: OWNER })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    const endpoints = urls.map(({ url }, n) => ({
      id: `we_${String(n).padStart(40, '0')}`,
      ownerId: OWNER,
      url,
      events: ['generation.succeeded'],
      secret: 'whsec_c2VjcmV0',
    }))
    await db.insertInto('webhookEndpoints').values(endpoints).execute()
    const deliveries = endpoints.map(({ id: endpointId }) => ({
      endpointId,
      type: 'webhook.test' as const,
      snapshot: null,
    }))
    await db.insertInto('webhookDeliveries').values(deliveries).execute()
    const worker = await stack.startWorker()
    const ours = endpoints.map(({ id }) => id)
    const countAttempts = async () => {
      const attempts = await db
        .selectFrom('webhookAttempts as attempt')
        .innerJoin('webhookDeliveries as delivery', 'delivery.id', 'attempt.deliveryId')
        .select('attempt.error')
        .where('delivery.endpointId', 'in', ours)
        .execute()
      return attempts.length
    }
    await waitFor(async () => (await countAttempts()) >= urls.length, {
      what: 'all deliveries to be attempted',
      timeoutMs: 180_000,
    }).catch(() => {})
    await worker.kill()
    await new Promise((resolve) => listener.close(resolve))
    const checks = [
      figure('addresses', urls.length),
      exactly('registered, or refused wrongly', faults.length, 0),
      { name: 'delivered by hand: attempts', measured: await countAttempts(), min: urls.length },
      exactly('connections', connections, 0),
      ...(await target.checkStanding()),
    ]
    const details = [...faults.slice(0, 40), ...target.describeTrouble()]
    const line = { scenario: 'webhook-addresses', backend: stack.backend }
    return [toResult(line, 'that lead inside', checks, details)]
  },
}
