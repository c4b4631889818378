import type { Clause } from './clause-builder.ts'
import { nameOf } from './phrase.ts'
import { BACKDROPS, GARMENTS, PLACES, WORN } from './words/things.ts'

/** Relations whose meaning hangs on what follows: "in a coat" is "with a coat", "by Monet" is not "beside Monet". */
export const byTarget = ({ groups, relations, hosts }: Clause): Clause => ({
  groups,
  hosts,
  relations: relations.map((relation, index) => {
    const names = (groups[index + 1] ?? []).map(nameOf)
    const areAll = (set: ReadonlySet<string>) =>
      names.length > 0 && names.every((name) => set.has(name))
    if (relation === 'inside' && areAll(GARMENTS)) return 'with'
    if (relation === 'wearing' && areAll(WORN)) return 'with'
    if (relation === 'against' && areAll(BACKDROPS)) return 'front-of'
    if (relation === 'by' && (areAll(BACKDROPS) || areAll(PLACES))) return 'beside'
    return relation
  }),
})
