import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism, constants, setPriority } from 'node:os'

/*
 * `npm run test:slow -- <arguments of npm test>`: the tests on a machine that is slow. Each core has a busy loop beside
 * them, to which they give way: what is left for them is a quarter to a half of it.
 */

/** A third of the weight of a process with the usual priority, where a process of its own runs on the core. */
const NICENESS = 5

const loops = Array.from({ length: availableParallelism() }, () =>
  spawn(process.execPath, ['--eval', 'for (;;);'], { stdio: 'ignore' }),
)
const endLoops = () => {
  for (const loop of loops) loop.kill('SIGKILL')
}
process.once('exit', endLoops)

setPriority(NICENESS)
const tests: ChildProcess = spawn(
  process.execPath,
  ['--import', 'tsx', 'node_modules/jest/bin/jest.js', ...process.argv.slice(2)],
  { stdio: 'inherit' },
)
// They end in their own time, and stop what they have started.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => tests.kill(name))
}
const [code, signal] = (await once(tests, 'exit')) as [number | null, NodeJS.Signals | null]
process.exitCode = code ?? 128 + (signal ? constants.signals[signal] : 0)
endLoops()
