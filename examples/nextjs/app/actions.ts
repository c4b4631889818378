'use server'

import { connectFor, findUser } from './server'

/** Asks for the picture of a form. That it is accepted is enough: the page follows it. */
export const draw = async (_before: unknown, form: FormData) => {
  const request = { prompt: String(form.get('prompt')), aspectRatio: '16:9' as const }
  const client = connectFor(await findUser())
  return { request, initial: await client.generate(request, { wait: 0 }) }
}
