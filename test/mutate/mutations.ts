import type { Mutation } from './mutation.ts'
import { money } from './mutations/money.ts'

/** At least one for each line that money, owners or secrets hang on. */
export const mutations: readonly Mutation[] = [...money]
