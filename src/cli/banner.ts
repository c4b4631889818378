import { VERSION } from '../lib/version.ts'
import type { Started } from '../start.ts'
import { signToken } from './token.ts'

/** Tells in a few lines what runs where, and how to try it. */
export const printBanner = async ({ config, secrets, url, notes }: Started): Promise<void> => {
  const token = await signToken(secrets, { owner: 'dev', admin: true }).catch(() => undefined)
  const facts = [
    ['address', url],
    ['data', config.dataDir],
    ['queue', `BullMQ on ${config.queue.redisUrl ? 'Redis' : 'Postgres'}`],
    ['images', config.s3 ? `bucket ${config.s3.bucket}` : 'files in the data directory'],
    ['provider', describeProviders(config)],
    ...notes.map((note) => ['note', note]),
    ['for SDKs', `${url}/openai/v1, ${url}/gemini or ${url}/fal/proxy, with the token as the key`],
    ['token', token ?? 'from your identity provider (AUTH_JWKS_URL)'],
  ]
  console.log(`\nimageonce ${VERSION} is ready (${secondsSinceStart()} s after start)\n`)
  for (const [name = '', fact] of facts) console.log(`  ${name.padEnd(9)} ${fact}`)
  if (token) {
    console.log(
      '\nOpen the dashboard (the link signs in; a server never sees what is behind the #):\n',
    )
    console.log(`${url}/#token=${token}`)
    if (!config.isProduction) console.log(`\nThen see what an app pays: ${url}/studio`)
  }
  console.log(`\nMake an image; send the same line again and nothing is paid twice:\n`)
  console.log(curlLine(url, token ?? '$TOKEN'))
  console.log('\nCtrl-C stops it; what it made stays.')
}

const describeProviders = ({ gemini, openai }: Started['config']): string => {
  const named = [
    ...(gemini ? [`Gemini, ${gemini.model}`] : []),
    ...(openai ? [`${new URL(openai.baseUrl).host}, ${openai.models[0]}`] : []),
  ]
  return named.length > 0
    ? named.join('; ')
    : 'local renderer: no model is called, images cost nothing (set GEMINI_API_KEY or OPENAI_API_KEY)'
}

const secondsSinceStart = (): string => (performance.now() / 1_000).toFixed(1)

const curlLine = (url: string, token: string): string =>
  `curl -s ${url}/api/visualize/generate -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' -H 'Prefer: wait=30' -d '{"prompt":"a red bicycle"}'`
