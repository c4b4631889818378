import { z } from 'zod'

const said = z.string().min(1)

/** How each API that others' clients speak tells what is wrong, as far as these need it. */
const DIALECTS: readonly [path: RegExp, problem: z.ZodType][] = [
  [
    /^\/gemini(\/|\?|$)/i,
    z.object({ error: z.object({ code: z.int(), message: said, status: said }) }),
  ],
  [/^\/openai(\/|\?|$)/i, z.object({ error: z.object({ message: said, type: said }) })],
  [
    /^\/fal(\/|\?|$)/i,
    z.union([
      z.object({ detail: z.union([said, z.array(z.object({ msg: said, type: said })).min(1)]) }),
      // Of what can't be canceled any more.
      z.object({ status: said }),
    ]),
  ],
]

/** What a refusal at this address looks like; undefined where it is a problem document. */
export const findDialect = (path: string): z.ZodType | undefined =>
  DIALECTS.find(([prefix]) => prefix.test(path))?.[1]
