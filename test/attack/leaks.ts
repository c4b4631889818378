/** Whatever must be seen by nobody, by what it is. */
export type Canaries = Readonly<Record<string, string>>

/** A stack, or a file of ours or of a dependency: these are for logs, and never for callers. (Owners read again what they wrote: `file:///etc/passwd`.) */
const INSIDE =
  /\n\s+at |\bat [\w.<>]+ \(|node_modules|file:\/\/\S+\.[cm]?[jt]s\b|\.[jt]s:\d+:\d+|invalid byte sequence/

const OVERLAP_CHARACTERS = 400
const MAX_KEPT = 20

/**
 * Looks for canaries in what is answered and logged. In answers it looks for the inside of the process too, and for what
 * the caller may not know.
 */
export const createLeakWatch = (secrets: Canaries) => {
  const leaks: string[] = []
  let count = 0
  let logTail = ''
  const note = (what: string, where: string) => {
    count++
    if (leaks.length < MAX_KEPT) leaks.push(`${what} in ${where}`)
  }
  const lookFor = (canaries: Canaries, text: string, where: string) => {
    for (const [what, canary] of Object.entries(canaries))
      if (text.includes(canary)) note(what, where)
  }

  return {
    /** `foreign`: what belongs to others than the caller. */
    readAnswer: (where: string, headers: object, text: string, foreign: Canaries = {}): void => {
      const all = `${JSON.stringify(headers)}\n${text}`
      lookFor(secrets, all, `the answer to ${where}`)
      lookFor(foreign, all, `the answer to ${where}`)
      if (INSIDE.test(all)) note(`the inside (${INSIDE.exec(all)?.[0]})`, `the answer to ${where}`)
    },
    /** Logs have neither secrets nor what owners write. */
    readLog: (chunk: string, private_: Canaries): void => {
      const text = logTail + chunk
      lookFor(secrets, text, 'the log')
      lookFor(private_, text, 'the log')
      // What was found is not found again.
      logTail = count > 0 ? '' : text.slice(-OVERLAP_CHARACTERS)
    },
    count: () => count,
    leaks: leaks as readonly string[],
  }
}
