import type { ColumnType, Generated } from 'kysely'

/** What a model of texts said of two prompts of an owner: whether one picture may answer both. */
export type JudgeVerdictsTable = {
  ownerId: string
  /** Of both texts, whichever comes first; neither is kept here. */
  pairDigest: string
  model: string
  isSame: boolean
  createdAt: Generated<Date>
}

/** A call that asked for a verdict. */
export type JudgeCallsTable = {
  id: Generated<string>
  /** Null once its owner is erased. */
  ownerId: string | null
  keyId: string | null
  model: string
  startedAt: Generated<Date>
  /** Null while it is out, and where its process died. */
  finishedAt: Date | null
  /** What it may cost at most, set aside before it is sent. */
  heldNanoUsd: number
  /** What is held until it is settled. */
  costNanoUsd: number
  /** Names the prices by which the costs were computed. */
  priceVersion: string | null
  responseId: string | null
  /** As it was answered. */
  usage: ColumnType<object | null, string | null, string | null>
}
