import type { Generated } from 'kysely'
import type { AspectRatio, ImageSize, Transformation } from '../src/contract/vocabulary.ts'

/** What an owner saved. */
export type SavedItemsTable = {
  ownerId: string
  /** Unique for its owner. */
  id: string
  title: string | null
  prompt: string | null
  /** An image of the app's own; null where the image is a generation's. */
  imageUrl: string | null
  generationId: string | null
  conditionImageId: string | null
  transformation: Transformation | null
  aspectRatio: AspectRatio | null
  imageSize: ImageSize | null
  model: string | null
  variant: string | null
  /** The app's own, as JSON; text, since the plugin that renames columns would rename its keys too. */
  data: string | null
  /** Raised whenever another image is wanted: a submission made for an earlier one may not be entered. */
  revision: Generated<number>
  /** When a worker is to ask for the image; null when none has to. */
  askAfter: Date | null
  /** No later than this, however often the item is edited; null when nothing is to be asked for. */
  askBefore: Date | null
  /** The key by which its picture was asked for last, whose budget pays besides its owner's; null for a token or a hook. */
  keyId: string | null
  /** Whose hook saved it last; null for an item that only its owner saved. */
  source: string | null
  /** True until the end of its latest generation has been delivered to its source. */
  isEndUntold: Generated<boolean>
  createdAt: Generated<Date>
  updatedAt: Generated<Date>
}

/** Hooks that have been taken. */
export type HookDeliveriesTable = { source: string; webhookId: string; receivedAt: Generated<Date> }
