import { type AppError, isAppError, isProviderError, type ProviderError } from '../../lib/errors.ts'
import { outcomeRules } from './outcomes.ts'
import { isHeldBack } from './retry-policy.ts'

/**
 * Calls one after the other until one takes the call: another only where the one before can't serve, and can't have charged. Throws what the last
 * threw; where all of them can't serve, the failure after which another try comes first.
 */
export const callInOrder = async <Callee, Result>(
  callees: readonly Callee[],
  call: (callee: Callee) => Promise<Result>,
): Promise<Result> => {
  const failures: AppError[] = []
  for (const callee of callees) {
    try {
      return await call(callee)
    } catch (error) {
      if (!isOutage(error)) throw error
      failures.push(error)
    }
  }
  throw chooseFailure(failures)
}

const isOutage = (error: unknown): error is AppError =>
  isProviderError(error)
    ? outcomeRules[error.code].fallsBack
    : isAppError(error) && isHeldBack(error)

/** One that passes before one that stays; of those, the one that passes first. */
const chooseFailure = (failures: readonly AppError[]): AppError => {
  const passing = failures.filter((each) => !isProviderError(each) || passes(each))
  const [chosen] = (passing.length > 0 ? passing : failures).toSorted(
    (a, b) => (a.retryAfterMs ?? 0) - (b.retryAfterMs ?? 0),
  )
  if (!chosen) throw new Error('nobody was called')
  return chosen
}

const passes = ({ code }: ProviderError): boolean => outcomeRules[code].retry !== 'never'
