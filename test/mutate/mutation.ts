/** A line that guards money, owners or secrets, and a way to break it that a test must notice. */
export type Mutation = {
  name: string
  /** What comes of it when nobody notices. */
  why: string
  file: string
  /** Stands in the file exactly once. */
  find: string
  replace: string
  /** The narrowest test files that must notice. */
  tests: readonly string[]
  /** Which of their tests; all where it is absent. */
  pattern?: string
}
