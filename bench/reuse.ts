import type pg from 'pg'
import type { Disposables } from '../src/app/disposables.ts'
import { type Comparison, compare } from './compare.ts'
import { finishQueued, growTables, keepBareAnswer } from './fixtures.ts'
import { createMeter } from './meter.ts'
import type { Plan } from './plan.ts'
import { type Server, startContestants } from './programs.ts'
import { signToken, toRequest } from './requests.ts'
import { productionEnvironment, type Services } from './services.ts'

const PROMPTS = 200

/** Requests whose image exists already, beside a handler that verifies the same token and makes one SELECT. */
export const compareReuse = async (
  services: Services,
  client: pg.Client,
  plan: Plan,
  push: Disposables['push'],
): Promise<Comparison> => {
  const servers = await startContestants(productionEnvironment(services), push)
  const token = await signToken('reader')
  const bodies = Array.from({ length: PROMPTS }, (_, i) => ({
    prompt: `a red bicycle in front of house number ${i}, late afternoon light`,
    aspectRatio: '16:9',
  }))
  const path = '/api/visualize/generate'
  const submit = async (body: unknown) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const text = JSON.stringify(body)
    const response = await fetch(servers.imageonce.url + path, {
      method: 'POST',
      headers,
      body: text,
    })
    return (await response.json()) as { reuse?: { source: string } }
  }
  for (const body of bodies) await submit(body)
  await finishQueued(client)
  await growTables(client)
  for (const body of bodies) {
    const answer = await submit(body)
    if (answer.reuse?.source !== 'exact') throw new Error('not reused')
    await keepBareAnswer(client, body.prompt, answer)
  }
  await client.query('vacuum analyze')
  const contestant = ({ url, pid }: Server, at: string) => ({
    load: { url, requests: bodies.map((body) => toRequest(at, token, body)) },
    meter: createMeter(pid, client),
  })
  const contestants = {
    imageonce: contestant(servers.imageonce, path),
    fair: contestant(servers.fair, '/reuse'),
    bare: contestant(servers.bare, '/reuse'),
  }
  return compare({ contestants, status: 200 }, plan)
}
