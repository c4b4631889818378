import type { Reconciliation } from '../../src/contract/reconciliation.ts'
import { callApi, ProblemError } from '../api.ts'

/** Sends a bill, which may be large, as it is. Throws `ProblemError`. */
export const compareBill = async (
  file: File,
  { isToSettle }: { isToSettle: boolean },
): Promise<Reconciliation> => {
  const query = new URLSearchParams({ name: file.name, settle: String(isToSettle) })
  const response = await fetch(`/api/reconciliations?${query}`, {
    method: 'POST',
    headers: { 'Content-Type': 'text/csv' },
    body: file,
  })
  const answer = await response.json().catch(() => undefined)
  if (response.ok) return answer as Reconciliation
  // Whose session is over is told so as by any other call.
  if (response.status === 401) await callApi('/api/session')
  const detail = `The server answered ${response.status}.`
  throw new ProblemError({ status: response.status, code: 'unknown', detail, ...answer })
}
