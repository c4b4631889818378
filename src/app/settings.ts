import type { z } from 'zod'
import type { Setting } from '../contract/setting.ts'

/** A setting that holds a secret is named so, and one that may hold a user and a password too. */
const SECRET_NAME = /SECRET|KEY|TOKEN|PASSWORD/
/** What is only about such. */
const NO_SECRET_NAME = /^(UPSTREAM_KEYS|OWNER_MAX_IDEMPOTENCY_KEYS)$/
const URL_NAME = /URL$|ENDPOINT$/

/**
 * What is in force, a setting each of the schema's own, and nothing else that is in the environment. Of a secret only that
 * it is set, of a URL neither its user and password nor its query.
 */
export const describeSettings = <Name extends string>(
  shape: Record<Name, z.ZodType>,
  descriptions: Record<Name, string>,
  environment: Record<string, string | undefined>,
): Setting[] =>
  (Object.keys(shape) as Name[]).map((name) => {
    const given = environment[name]
    const isSecret = SECRET_NAME.test(name) && !NO_SECRET_NAME.test(name)
    const standard = formatDefault(shape[name])
    const shown = given && URL_NAME.test(name) ? hideCredentials(given) : given
    const value = given === undefined ? standard : isSecret ? 'set' : shown
    return {
      name,
      description: descriptions[name],
      isSet: given !== undefined,
      isSecret,
      ...(value !== undefined && { value }),
      ...(standard !== undefined && { default: standard }),
    }
  })

const formatDefault = (schema: z.ZodType): string | undefined => {
  const { success, data } = schema.safeParse(undefined)
  if (!success || data === undefined) return undefined
  const text = String(data)
  return text === '' ? undefined : text
}

const hideCredentials = (value: string): string => {
  if (!URL.canParse(value)) return 'set'
  const url = new URL(value)
  url.username = ''
  url.password = ''
  url.search = ''
  url.hash = ''
  return url.href
}
