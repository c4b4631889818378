import type { Result } from '../chaos/result.ts'
import type { Plan } from '../chaos/scenario.ts'
import type { Target } from './target.ts'

/** Does its worst to a server and says what came of it; throws only when it could not be carried out. */
export type Attack = {
  name: string
  run: (target: Target, plan: Plan) => Promise<Result[]>
}
