/** Whether two lists hold the same facts, whatever their order. */
export const areSameFacts = (a: readonly string[], b: readonly string[]): boolean =>
  JSON.stringify([...a].sort()) === JSON.stringify([...b].sort())

/** The items of `a` that `b` lacks. */
export const without = (a: readonly string[], b: readonly string[]): string[] => {
  const others = new Set(b)
  return a.filter((item) => !others.has(item))
}
