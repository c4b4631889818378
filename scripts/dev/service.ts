import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { dirname, join, relative } from 'node:path'
import { context } from 'esbuild'
import { listen } from '../../src/adapters/http/server.ts'

export type Service = Awaited<ReturnType<typeof createService>>

/** In `dist`, from where packages are found, and the package itself by its name. */
const BUNDLE = 'dist/dev/service.js'

/** A call to the model does not hold up a start: the worker that starts next takes its generation up. */
const DEFAULTS = { SHUTDOWN_GRACE_MS: '0' }

const STOP_MS = 5_000
/** An editor or git saves several files of one change. */
const SETTLE_MS = 20

/**
 * API and worker as they are in the sources. They run from a bundle, which starts in a third of the time that the sources
 * would take. What does not compile leaves those that run in place; what does not start waits for the next change.
 */
export const createService = async (root: string, environment: NodeJS.ProcessEnv) => {
  const builder = await context({
    absWorkingDir: root,
    entryPoints: {
      service: 'scripts/dev/service-entry.ts',
      'provider-thread': 'src/adapters/providers/provider-thread.ts',
    },
    outdir: dirname(BUNDLE),
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: true,
    metafile: true,
    logLevel: 'warning',
  })
  const url = await findFreeUrl()
  const env = { ...DEFAULTS, ...environment, HOST: url.hostname, PORT: url.port }
  let sources: ReadonlySet<string> | undefined
  let current: Promise<ChildProcess | undefined> = Promise.resolve(undefined)
  let queued: NodeJS.Timeout | undefined
  let isStopping = false

  const replace = async (running: ChildProcess | undefined): Promise<ChildProcess | undefined> => {
    if (isStopping) return running
    const startedAt = performance.now()
    const built = await builder.rebuild().catch(() => undefined)
    sources = built && new Set(Object.keys(built.metafile.inputs))
    if (!built) return running
    if (running) await end(running)
    const child = spawn(process.execPath, ['--enable-source-maps', BUNDLE], {
      cwd: root,
      env,
      // A terminal's Ctrl-C is for the parent, which stops it in its turn.
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    await Promise.race([once(child, 'message'), once(child, 'exit')])
    if (isOver(child)) {
      console.log('API and worker did not start; they try again after the next change.')
    } else if (running) {
      console.log(`API and worker started again in ${Math.round(performance.now() - startedAt)} ms`)
    }
    return child
  }

  /** Starts them, or starts them again. */
  const restart = (): void => {
    current = current.then(replace)
  }

  /** Restarts them when a file that was saved is one that they are made of. */
  const onSaved = (path: string): void => {
    if (sources && !sources.has(relative(root, path))) return
    clearTimeout(queued)
    queued = setTimeout(restart, SETTLE_MS)
  }

  /** Waits for a start that is under way; whether they run then. */
  const isRunning = async (): Promise<boolean> => {
    const child = await current
    return child !== undefined && !isOver(child)
  }

  const stop = async (): Promise<void> => {
    isStopping = true
    clearTimeout(queued)
    const child = await current
    if (child) await end(child)
    await builder.dispose()
    await rm(join(root, BUNDLE, '..'), { recursive: true, force: true })
  }

  return { url: url.origin, restart, onSaved, isRunning, stop }
}

/** One that they keep when they start again. */
const findFreeUrl = async (): Promise<URL> => {
  const server = createServer()
  const url = new URL(await listen(server, { host: '127.0.0.1', port: 0 }))
  await new Promise((resolve) => server.close(resolve))
  return url
}

const isOver = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null

const end = async (child: ChildProcess): Promise<void> => {
  if (isOver(child)) return
  const ended = once(child, 'exit')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  child.kill('SIGTERM')
  await ended
  clearTimeout(timer)
}
