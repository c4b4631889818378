import type { Generation } from '../contract/generation.ts'
import type { Image } from '../contract/image.ts'

const MAX_REMEMBERED = 1_000

/** Keeps the always-working URL of each image in an answer, the newest thousand. */
export const rememberImageUrls = () => {
  const urls = new Map<string, string>()
  return {
    remember: <T extends Generation | Image>(answer: T): T => {
      urls.delete(answer.id)
      urls.set(answer.id, 'urls' in answer ? answer.urls.image : answer.imageUrl)
      const [oldest] = urls.keys()
      if (urls.size > MAX_REMEMBERED && oldest !== undefined) urls.delete(oldest)
      return answer
    },
    findUrl: (id: string): string | undefined => urls.get(id),
  }
}
