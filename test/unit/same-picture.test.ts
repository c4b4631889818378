import { describe, expect, test } from '@jest/globals'
import { compare } from '../../eval/conditions/compare.ts'
import { exactCopies, lossyCopies } from '../../eval/conditions/copies.ts'
import { bottle, logo, scenes } from '../../eval/conditions/scenes.ts'

/* How many more copies are recognised is printed by `npm run eval:conditions`. */

test.each([bottle, logo])(
  'copies of $name with equal pixels are recognised by them',
  async (scene) => {
    const picture = await scene.draw()
    const verdicts = exactCopies.map(async ({ save }) => compare(picture, await save(picture)))
    expect(await Promise.all(verdicts)).toEqual(exactCopies.map(() => 'pixels'))
  },
)

test.each(['jpeg 95, 4:4:4', 'jpeg 90, 4:2:0', 'webp 90'])(
  'a picture saved as %s looks the same',
  async (name) => {
    const picture = await bottle.draw()
    const copy = lossyCopies.find((each) => each.name === name)
    expect(copy && (await compare(picture, await copy.save(picture)))).toBe('likeness')
  },
)

describe.each(scenes)('of $name', ({ draw, changes }) => {
  const picture = draw()

  test.each(changes)('one with another %s is another', async (change) => {
    expect(await compare(await picture, await draw(change))).toBe('another')
  })
})
