import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { waitFor } from './wait-for.ts'

/** Starts an example as a person does, from its own source, with `imageonce` being the sources next door. */
export const startExample = (
  file: string,
  args: readonly string[],
  env: Record<string, string | undefined>,
) => {
  const isPython = file.endsWith('.py')
  const child = spawn(
    isPython ? 'python3' : process.execPath,
    [...(isPython ? [] : ['--import', 'tsx']), resolve(file), ...args],
    {
      env: { PATH: process.env.PATH, TSX_TSCONFIG_PATH: resolve(TSCONFIG(file)), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const output = Promise.all([text(child.stdout), text(child.stderr)])
  const closed = once(child, 'close')
  return {
    /** What it has printed, once it has ended. */
    ended: async () => {
      const [[out, err], [code]] = await Promise.all([output, closed])
      return { out, err, code: code as number | null }
    },
    stop: async () => {
      child.kill('SIGKILL')
      await closed
    },
    /** Waits until it answers at `url`. */
    waitFor: (url: string) =>
      waitFor(
        () => {
          if (child.exitCode !== null) throw new Error('It has ended.')
          return fetch(url).then((response) => response.body?.cancel().then(() => true))
        },
        { what: `${file} to answer` },
      ),
  }
}

const TSCONFIG = (file: string) =>
  file.includes('nextjs') ? 'examples/tsconfig.nextjs.json' : 'examples/tsconfig.json'
