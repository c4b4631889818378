import type { GenerationRequestInput, NewSavedItemInput, SavedItem } from 'imageonce/client'

export const SHAPES = ['16:9', '1:1', '4:5', '9:16'] as const
export type Shape = (typeof SHAPES)[number]

/** A post as this app has it. */
export type Post = {
  /** The app's own, and the saved item's: so a second click on Save saves nothing twice. */
  id: string
  text: string
  prompt: string
  shape: Shape
  /** The picture of these very words; never a placeholder. */
  imageUrl?: string | undefined
  generationId?: string | undefined
  /** The picture has been asked for. Written down before the request leaves, so that no closed tab forgets it. */
  isWanted: boolean
  isSaved: boolean
  scheduledFor?: string | undefined
  postedAt?: string | undefined
}

const ID_PREFIX = 'post-'

export const createPost = (): Post => ({
  id: `${ID_PREFIX}${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`,
  text: '',
  prompt: '',
  shape: '16:9',
  isWanted: false,
  isSaved: false,
})

/** What decides about the picture: posts for which it is equal have the same one. */
export const describePicture = ({ prompt, shape }: Post): GenerationRequestInput => ({
  prompt,
  aspectRatio: shape,
})

export const hasSamePicture = (a: Post, b: Post): boolean =>
  JSON.stringify(describePicture(a)) === JSON.stringify(describePicture(b))

/** What is saved: the words, the picture's URL, and in `data` what is this app's business alone. */
export const toItem = (post: Post): NewSavedItemInput => ({
  title: post.text.trim() || null,
  ...describePicture(post),
  imageUrl: post.imageUrl,
  data: { scheduledFor: post.scheduledFor, postedAt: post.postedAt },
})

export const isPost = ({ id }: SavedItem): boolean => id.startsWith(ID_PREFIX)

export const toPost = (item: SavedItem): Post => {
  const { scheduledFor, postedAt } = (item.data ?? {}) as Pick<Post, 'scheduledFor' | 'postedAt'>
  return {
    id: item.id,
    text: item.title ?? '',
    prompt: item.prompt ?? '',
    shape: SHAPES.find((shape) => shape === item.aspectRatio) ?? '16:9',
    imageUrl: item.isPlaceholder ? undefined : item.imageUrl,
    generationId: item.generationId,
    isWanted: item.error === undefined,
    isSaved: true,
    scheduledFor,
    postedAt,
  }
}
