import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

/**
 * `noticed`: a test failed by what it expects. `passed`: all did. `broken`: no test says anything, since none ran, or
 * the code does not even load, or all that happened is that a test's time ran out.
 */
export type TestResult = { outcome: 'passed' | 'noticed' | 'broken'; details: string }

type JestReport = {
  numFailedTests: number
  numPassedTests: number
  numRuntimeErrorTestSuites: number
  testResults: {
    message: string
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[]
  }[]
}

/** Runs test files of a folder. */
export const runTests = async (
  folder: string,
  tests: readonly string[],
  pattern?: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<TestResult> => {
  const output = join(folder, 'mutate-report.json')
  const jest = spawn(
    process.execPath,
    [
      ...['--import', 'tsx'],
      'node_modules/jest/bin/jest.js',
      ...['--config', 'test/mutate/jest.config.js', '--cacheDirectory', join(folder, '.jest')],
      ...['--forceExit', '--json', '--outputFile', output],
      ...(pattern ? ['--testNamePattern', pattern] : []),
      ...['--runTestsByPath', ...tests],
    ],
    { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const [said, [code, signal]] = await Promise.all([text(jest.stderr), once(jest, 'close')])
  const report = await readFile(output, 'utf8').catch(() => undefined)
  await rm(output, { force: true })
  if (report === undefined) {
    return { outcome: 'broken', details: `Jest ended with ${signal ?? code}, and said: ${said}` }
  }
  return judge(JSON.parse(report))
}

/** Jest's own words for a test that did not end; that it took long is no finding. */
const TIMEOUT = /Exceeded timeout of \d+ ms/

const judge = (report: JestReport): TestResult => {
  const failed = report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'failed')
  const telling = failed.filter(({ failureMessages }) => !TIMEOUT.test(failureMessages.join()))
  const [first] = telling
  if (first) return { outcome: 'noticed', details: first.fullName }
  if (failed.length > 0) return { outcome: 'broken', details: 'a test’s time ran out' }
  if (report.numRuntimeErrorTestSuites > 0) {
    return { outcome: 'broken', details: report.testResults.map(({ message }) => message).join() }
  }
  if (report.numPassedTests === 0) return { outcome: 'broken', details: 'no test ran' }
  return { outcome: 'passed', details: `${report.numPassedTests} tests passed` }
}
