import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Api } from '../chaos/fleet.ts'
import { atMost, type Check, exactly } from '../chaos/result.ts'
import { type Stack, withStack } from '../chaos/stack.ts'
import { newHookSecret } from '../support/hooks.ts'
import { createAsk } from './ask.ts'
import { type Canaries, createLeakWatch } from './leaks.ts'
import type { Mount } from './mounts.ts'

export type Target = Awaited<ReturnType<typeof aimAt>>

const MAX_RSS_MB = 512

const newSecret = () => `canary-${randomBytes(20).toString('hex')}`

/** Secrets of this run alone, so that one that is seen somewhere has leaked. */
const makeSecrets = () => ({
  AUTH_JWT_SECRET: newSecret(),
  IMAGE_URL_SECRET: newSecret(),
  METRICS_TOKEN: newSecret(),
  OPERATOR_KEY: newSecret(),
  HOOK_SECRET: newHookSecret(),
})

/** Gives `use` a server to attack, with everything switched on that needs a secret. */
export const withTarget = <T>(use: (target: Target) => Promise<T>): Promise<T> => {
  const secrets = makeSecrets()
  const { OPERATOR_KEY, HOOK_SECRET, ...ofSettings } = secrets
  const env = {
    ...ofSettings,
    OPERATOR_KEYS: `olga:${OPERATOR_KEY}`,
    HOOK_SECRETS: `cms:${HOOK_SECRET}`,
    MAX_WAIT_SECONDS: '1',
    MAX_CALL_SECONDS: '1',
    LOG_LEVEL: 'info',
    CORS_ORIGINS: 'https://app.example',
    WEBHOOK_RETRY_MS: '600000',
    EMBEDDING_SOURCE: 'off',
  }
  return withStack({ backend: 'postgres', env }, async (stack) => use(await aimAt(stack, secrets)))
}

const aimAt = async (stack: Stack, secrets: ReturnType<typeof makeSecrets>) => {
  /** What owners write, which only they may read. */
  const prompts: Record<string, string> = {}
  const watch = createLeakWatch({
    ...secrets,
    'the address of the database': stack.env.DATABASE_URL ?? '',
  })

  const startApi = async (env: Record<string, string> = {}) => {
    let said = ''
    const onOutput = (text: string) => {
      if (said.length < 100_000) said += text
      watch.readLog(text, prompts)
    }
    const api = await stack.startApi({ program: 'test/attack/processes/api', onOutput, env })
    const mounts = JSON.parse(/^mounts (.*)$/m.exec(said)?.[1] ?? '[]') as Mount[]
    return { api, mounts }
  }
  const { api, mounts } = await startApi()
  const { ask, close } = createAsk(api.url)

  return {
    stack,
    secrets,
    watch,
    url: api.url,
    api,
    mounts,
    ask,
    /** Another API on the same stores, of other settings. */
    startApi: async (env: Record<string, string>): Promise<Api> => (await startApi(env)).api,
    /** Text that no other owner may see, nor any log. */
    newPrompt: (owner: string): string => {
      const prompt = `canary of ${owner} ${randomBytes(8).toString('hex')}`
      prompts[`a prompt of ${owner}`] = prompt
      return prompt
    },
    /** What belongs to others than this owner. */
    foreignTo: (owner: string): Canaries =>
      Object.fromEntries(Object.entries(prompts).filter(([what]) => !what.endsWith(` ${owner}`))),
    /** What must hold whatever was done to it. */
    checkStanding: async (): Promise<Check[]> => [
      exactly('crashes', stack.crashes.length, 0),
      exactly('leaks', watch.count(), 0),
      atMost('RSS (MB)', await readPeakRssMb(api.pid), MAX_RSS_MB),
    ],
    /** For whoever looks for the cause. */
    describeTrouble: (): string[] => [...watch.leaks, ...stack.crashes],
    close,
  }
}

/** The most it ever was. */
export const readPeakRssMb = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Math.round(Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1_024)
}
