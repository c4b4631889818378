/** What we read of Jest's own result. */
type RunResult = {
  numPassedTests: number
  numFailedTests: number
  numRuntimeErrorTestSuites: number
  testResults: { testResults: TestResult[] }[]
}
type TestResult = { status: string; ancestorTitles: string[]; fullName: string }

/**
 * Ends a run's output with what was skipped and why, and with a line for machines: `N passed, N failed`.
 * With TEST_REQUIRE_ALL=1 a skipped test counts as failed.
 */
class SkipReporter {
  #error: Error | undefined

  onRunComplete(_contexts: unknown, results: RunResult): void {
    const skipped = results.testResults.flatMap(({ testResults }) => testResults.filter(isSkipped))
    const mustRun = process.env.TEST_REQUIRE_ALL === '1'
    if (mustRun && skipped.length > 0) {
      this.#error = new Error('Tests were skipped, and TEST_REQUIRE_ALL=1 allows none')
    }
    // A file that did not even load, or left something open, has no failed test of its own.
    const broken = results.numFailedTests + results.numRuntimeErrorTestSuites
    const failed = broken + (mustRun ? skipped.length : 0)
    // Jest prints its own summary after all reporters.
    process.once('exit', (exitCode) => {
      for (const name of new Set(skipped.map(nameOf))) console.log(`Skipped: ${name}`)
      const atLeastOne = exitCode === 0 ? 0 : 1
      const suffix = skipped.length > 0 && !mustRun ? `, ${skipped.length} skipped` : ''
      const { numPassedTests: passed } = results
      console.log(`${passed} passed, ${Math.max(failed, atLeastOne)} failed${suffix}`)
    })
  }

  getLastError(): Error | undefined {
    return this.#error
  }
}

const isSkipped = ({ status }: TestResult) => status !== 'passed' && status !== 'failed'

/** The group that was skipped as a whole carries the reason in its name. */
const nameOf = ({ ancestorTitles, fullName }: TestResult): string =>
  ancestorTitles.find((title) => title.endsWith(')')) ?? fullName

export default SkipReporter
