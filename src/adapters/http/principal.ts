import type {
  ImageSize,
  KeyScope,
  KeyVariants,
  Lane,
  UpstreamKeyRule,
} from '../../contract/vocabulary.ts'

/** Who calls: the owner of everything the call touches, or an operator; by which key, where it is by one. */
export type Principal = { ownerId: string; isAdmin: boolean; expiresAt?: Date; key?: KeyIdentity }

/** What a request says beside its token: whom it acts for, and from which page. */
export type Shown = { owner?: string | undefined; origin?: string | undefined }

/** A key in force, as requests need it. What is undefined is not bounded. */
export type KeyIdentity = {
  id: string
  name: string
  /** Undefined where each request names its owner. */
  ownerId: string | undefined
  namespace: string | undefined
  scopes: readonly KeyScope[]
  models: readonly string[] | undefined
  sizes: readonly ImageSize[] | undefined
  lanes: readonly Lane[] | undefined
  origins: readonly string[] | undefined
  rates: { perMinute: number } | undefined
  variants: KeyVariants
  /** Undefined where it is as the server has it. */
  upstreamKeys?: UpstreamKeyRule | undefined
  expiresAt: Date | undefined
}
