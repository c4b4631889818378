import type { Mutation } from '../mutation.ts'

const PARALLEL = ['test/integration/parallel-calls.test.ts']
const OPENAI_RULES = ['test/unit/openai-dialect.test.ts']
const FORMS = ['test/unit/form-body.test.ts']
const PICTURES = ['test/unit/handed-over-pictures.test.ts']

const CALLS = 'src/features/gateway/parallel-calls.ts'
const FORM = 'src/adapters/http/form-body.ts'

/** What keeps the APIs of others from paying for what nobody meant. */
export const gateway: readonly Mutation[] = [
  {
    name: 'parallel calls: only for keys that say so',
    why: 'equal calls at once are paid for each',
    file: CALLS,
    find: "key?.variants !== 'parallel'",
    replace: '!key',
    tests: PARALLEL,
  },
  {
    name: 'parallel calls: a retry is the same wish',
    why: 'a client that runs out of patience buys a picture each time',
    file: CALLS,
    find: 'return tries === 0 ? used : ((used - 1) % (places ?? 1)) + 1',
    replace: 'return tries === 0 ? used : used + (places ?? 1)',
    tests: PARALLEL,
  },
  {
    name: 'parallel calls: an Idempotency-Key keeps its place',
    why: 'the same request under the same key buys another picture',
    file: CALLS,
    find: '    if (!isNew) return (await selectWish(tx, ofWish)).place\n',
    replace: '',
    tests: PARALLEL,
  },
  {
    name: 'parallel calls: of one owner',
    why: 'an owner’s picture depends on what others ask for',
    file: CALLS,
    find: 'digestOf([call.ownerId, call.request])',
    replace: 'digestOf([call.request])',
    tests: PARALLEL,
  },
  {
    name: 'parallel calls: a moment ends',
    why: 'a repeat of three calls buys three more',
    file: CALLS,
    find: 'used = case when ${isOver} then 1 else counted.used + 1 end,',
    replace: 'used = counted.used + 1,',
    tests: PARALLEL,
  },
  {
    name: 'OpenAI: a used-up budget is not asked again',
    why: 'each refusal is asked for three times',
    file: 'src/features/gateway/openai/present-problem.ts',
    find: "retryable && code !== 'budget_exceeded'",
    replace: 'retryable',
    tests: OPENAI_RULES,
  },
  {
    name: 'OpenAI: a size is not overruled by a quality',
    why: 'an app pays for pixels that it did not ask for',
    file: 'src/features/gateway/openai/shape.ts',
    find: 'imageSize: smallestFor(model, Math.max(size.width, size.height)),',
    replace: 'imageSize: sizeOfQuality(model, quality),',
    tests: OPENAI_RULES,
  },
  {
    name: 'OpenAI: a mask that masks nothing',
    why: 'an edit is paid for that can’t be what was meant',
    file: 'src/adapters/images/draw-mask.ts',
    find: '        if (data.every((white) => white === 0)) throw refuseImage(OPAQUE)\n',
    replace: '',
    tests: PICTURES,
  },
  {
    name: 'form: its size in all',
    why: 'one request fills the memory',
    file: FORM,
    find: '      if (totalBytes > limits.totalBytes) reject(tooLarge(limits))\n',
    replace: '',
    tests: FORMS,
  },
  {
    name: 'form: the size of a file',
    why: 'a picture that was cut off is paid for',
    file: FORM,
    find: "      stream.once('limit', () => reject(tooLong(name, limits.fileBytes)))\n",
    replace: '',
    tests: FORMS,
  },
]
