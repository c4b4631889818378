import { expect, test } from '@jest/globals'
import type { RequestDetails } from '../../db/request-details.ts'
import { createScope, isComparable } from '../../src/features/similarity/scope.ts'
import { aGeneration } from '../support/generation-rows.ts'

const ref = (digest: string) => ({ id: `i_${digest}`, digest })

const several: RequestDetails[] = [
  { seed: 1 },
  { seed: 2 },
  { negativePrompt: 'boats' },
  { thinkingLevel: 'low' },
  { number: 2 },
  { conditionImages: [ref('a'), ref('b')] },
  { conditionImages: [ref('b'), ref('a')] },
  { turns: [{ role: 'user', text: 'a lake' }] },
  { turns: [{ role: 'user', images: [ref('a')] }] },
  { safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'OFF' }] },
  { providerRequest: { body: '{}', images: [] } },
]

test('prompts are compared only where all else that was said is the same', async () => {
  const rows = [null, ...several].map((details) => aGeneration({ details }))
  expect(new Set(await Promise.all(rows.map(createScope))).size).toBe(rows.length)
  for (const details of several) {
    const [one, other] = ['a boat', 'a ship'].map((prompt) => aGeneration({ prompt, details }))
    expect(one && (await createScope(one))).toBe(other && (await createScope(other)))
  }
})

test('one whose prompt is not all that is asked, or is too long, is compared with none', () => {
  expect(isComparable(aGeneration())).toBe(true)
  expect(isComparable(aGeneration({ prompt: 'a'.repeat(4_001) }))).toBe(false)
  const details = { providerRequest: { body: '{}', images: [] } }
  expect(isComparable(aGeneration({ details }))).toBe(false)
})
