import { type Generation, type ImageonceClient, ImageonceError } from 'imageonce/client'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { type Illustration, illustrateAnew, illustrateOnce } from './illustrate.ts'
import { createPost, hasSamePicture, type Post, toItem, toPost } from './post.ts'
import { useActionLog } from './use-action-log.ts'
import { useLedger } from './use-ledger.ts'
import { useSavedPosts } from './use-saved-posts.ts'
import { useStored } from './use-stored.ts'

export type StudioOptions = { client: ImageonceClient; ownerId: string; hasGuards: boolean }

export type Studio = ReturnType<typeof useStudio>

/** The post at hand, and what can be done with it. */
export const useStudio = ({ client, ownerId, hasGuards }: StudioOptions) => {
  const place = `studio:${ownerId}:${hasGuards ? 'guards' : 'no-guards'}`
  const [post, changePost] = useStored(`${place}:post`, createPost)
  const [progress, setProgress] = useState<{ post: Post; generation: Generation }>()
  const saved = useSavedPosts(client)
  const { ledger, refresh, beginAnew } = useLedger(client, ownerId, `${place}:ledger`)
  const { entries, clear, act } = useActionLog(`${place}:log`, () =>
    Promise.all([refresh(), saved.reload()]),
  )
  const illustrate = useMemo(
    () => (hasGuards ? illustrateOnce(client) : illustrateAnew(client)),
    [client, hasGuards],
  )

  /** The post's picture, into the post; unless its words have become others meanwhile. */
  const fill = async (wanted: Post): Promise<Illustration> => {
    const illustration = await illustrate(wanted, (generation) =>
      setProgress({ post: wanted, generation }),
    )
    const { imageUrl, generationId, error } = illustration
    changePost((current) =>
      hasSamePicture(current, wanted)
        ? { ...current, imageUrl, generationId, isWanted: !error || error.retryable }
        : current,
    )
    return illustration
  }

  // What was wanted when the tab was closed is wanted still. The same words are the same generation: it joins that one.
  useEffect(() => {
    if (hasGuards && post.isWanted) void act('Reload', () => fill(post))
  }, [])

  const generate = () => {
    const wanted = changePost((current) => ({ ...current, isWanted: true }))
    // A person who asks for it sees what the server has.
    return act('Generate', () => fill({ ...wanted, imageUrl: undefined }))
  }

  const save = () =>
    act('Save', async () => {
      // A picture that is not there yet is the server's to see to: it joins the one on its way.
      const isPending = hasGuards && !post.imageUrl
      const illustration: Illustration = isPending ? {} : await fill(post)
      await keep({ ...post, imageUrl: illustration.imageUrl })
      return illustration
    })

  const load = (id: string) =>
    act('Load', async () => {
      const item = await client.savedItems.get(id)
      const loaded = changePost(() => toPost(item))
      return item.error ? { error: item.error } : fill(loaded)
    })

  const preview = () => act('Preview', () => fill(post))

  const schedule = (scheduledFor: string) =>
    act('Schedule', () => keep({ ...post, scheduledFor, postedAt: undefined }))

  const publish = () =>
    act('Post', async () => {
      const illustration = await fill(post)
      if (illustration.error) return illustration
      const { imageUrl } = illustration
      await keep({ ...post, imageUrl, postedAt: new Date().toISOString() })
      return illustration
    })

  const keep = async (changed: Post): Promise<Illustration> => {
    await write(changed)
    const { id, scheduledFor, postedAt } = changed
    const kept = { isSaved: true, scheduledFor, postedAt }
    changePost((current) => (current.id === id ? { ...current, ...kept } : current))
    return {}
  }

  const write = async (changed: Post): Promise<unknown> => {
    const item = toItem(changed)
    const create = () => client.savedItems.create({ id: changed.id, ...item })
    if (!changed.isSaved) return create()
    return client.savedItems.update(changed.id, item).catch((error: unknown) => {
      // Another tab has removed it.
      if (error instanceof ImageonceError && error.code === 'not_found') return create()
      throw error
    })
  }

  const remove = (id: string) =>
    act('Remove', async () => {
      await client.savedItems.remove(id)
      changePost((current) => (current.id === id ? { ...current, isSaved: false } : current))
      return {}
    })

  /** Other words want another picture. */
  const edit = (changes: Partial<Pick<Post, 'text' | 'prompt' | 'shape'>>) =>
    changePost((current) => {
      const edited = { ...current, ...changes }
      return hasSamePicture(edited, current)
        ? edited
        : { ...edited, imageUrl: undefined, generationId: undefined, isWanted: false }
    })

  const begin = () => changePost(createPost)

  const startOver = () => {
    begin()
    clear()
    beginAnew()
  }

  const generation =
    progress && hasSamePicture(progress.post, post) ? progress.generation : undefined
  return {
    post,
    generation,
    items: saved.items,
    ledger,
    entries,
    generate,
    save,
    load,
    preview,
    schedule,
    publish,
    remove,
    edit,
    begin,
    startOver,
  }
}
