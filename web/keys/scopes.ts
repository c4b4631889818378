import type { KeyScope } from '../../src/contract/vocabulary.ts'

/** What each scope lets a key do, in the order of the page. */
export const scopes: Record<KeyScope, string> = {
  read: 'See and follow what its owner has.',
  generate: 'Ask for images, cancel them, ask again.',
  upload: 'Upload images.',
  delete: 'Delete images.',
  items: 'Save items, which asks for their images.',
  webhooks: 'Register endpoints and see what they were told.',
  admin: 'All that operators may.',
}

export const scopeNames = Object.keys(scopes) as KeyScope[]
