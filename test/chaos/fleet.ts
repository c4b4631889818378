import { type Child, type ChildOptions, type Environment, startChild } from './child.ts'
import type { KillPoint } from './kill-point.ts'

export type Api = Child & { url: string }

/** `killAt` arms the process; `env` changes its settings. */
type StartOptions = ChildOptions & { killAt?: KillPoint; env?: Environment }

/** The processes of one stack: those that run, and those that should. */
export const createFleet = ({ env, marksFolder }: { env: Environment; marksFolder: string }) => {
  const apis = new Set<Api>()
  const workers = new Set<Child>()
  const all = new Set<Child>()
  const crashes: string[] = []

  /** Resolves when it listens. Clients find it among `apis` unless it is armed. */
  const startApi = async (options: StartOptions = {}): Promise<Api> => {
    const child = await start('api', options)
    const api = { ...child, url: await child.untilReady() }
    if (!options.killAt) keepWhileAlive(apis, api)
    return api
  }
  /** Resolves at once: an armed worker may never get so far as to be ready. */
  const startWorker = async (options: StartOptions = {}): Promise<Child> => {
    const worker = await start('worker', options)
    keepWhileAlive(workers, worker)
    return worker
  }
  const start = async (name: 'api' | 'worker', options: StartOptions): Promise<Child> => {
    const armed = options.killAt && { CHAOS_KILL_AT: options.killAt, CHAOS_MARKS: marksFolder }
    const child = await startChild(name, { ...env, ...armed, ...options.env }, options)
    keepWhileAlive(all, child)
    if (!options.killAt) void reportCrash(child)
    return child
  }
  const reportCrash = async ({ name, ended, isToEnd, said }: Child) => {
    const { code, signal } = await ended
    if (!isToEnd()) crashes.push(`${name} ended (${signal ?? code}): ${said()}`)
  }
  const killAll = () => Promise.all([...all].map((child) => child.kill()))

  return {
    startApi,
    startWorker,
    killAll,
    apis: apis as ReadonlySet<Api>,
    workers: workers as ReadonlySet<Child>,
    /** The processes that ended though nobody told them to, with the last they said. */
    crashes: crashes as readonly string[],
  }
}

const keepWhileAlive = <T extends Child>(kept: Set<T>, child: T): void => {
  kept.add(child)
  void child.ended.then(() => kept.delete(child))
}
