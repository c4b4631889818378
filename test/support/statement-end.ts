/** As long as a statement is waited for where nothing gives it up earlier. */
const STATEMENT_TIMEOUT_MS = 15_000

/** The answer; rejects where it takes as long as a statement that Postgres never answers, and so waited for one. */
export const beforeStatementsEnd = async <T>(answer: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const end = new Promise<never>((_resolve, reject) => {
    const late = () => reject(new Error('The answer waited for a statement to time out'))
    timer = setTimeout(late, STATEMENT_TIMEOUT_MS)
  })
  return Promise.race([answer, end]).finally(() => clearTimeout(timer))
}
