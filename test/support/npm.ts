import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { buildProgram } from './build-programs.ts'
import { makeTemporaryFolder } from './temporary-folder.ts'
import { waitFor } from './wait-for.ts'

/**
 * Runs a script of package.json by npm, without the build before it, in a process group of its own as a terminal does. `stop` ends
 * all of it.
 */
export const startByNpm = async (script: string, env: Record<string, string>) => {
  const folder = await makeTemporaryFolder('npm')
  const programs = dirname(dirname(await buildProgram('src/cli')))
  await copyFile('package.json', join(folder.path, 'package.json'))
  await symlink(programs, join(folder.path, 'dist'))
  const child = spawn('npm', ['run', script, '--ignore-scripts'], {
    cwd: folder.path,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
    })
  }
  const closed = once(child, 'close')
  const pid = child.pid ?? 0
  const signalGroup = (signal: NodeJS.Signals) => {
    try {
      process.kill(-pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
  return {
    output: () => output,
    waitForOutput: async (text: string) => {
      await waitFor(() => output.includes(text) || child.exitCode !== null, { what: text })
      if (!output.includes(text)) throw new Error(`ended without "${text}": ${output}`)
    },
    /** To npm and all that it runs, as Ctrl-C in a terminal; npm tells its child once more. */
    signalGroup,
    /** To npm alone, as from a supervisor. */
    signal: (signal: NodeJS.Signals) => child.kill(signal),
    /** Resolves when npm and what it ran have ended. */
    ended: async () => {
      await closed
      return child.exitCode ?? child.signalCode
    },
    stop: async () => {
      signalGroup('SIGKILL')
      await closed
      await folder.remove()
    },
  }
}
