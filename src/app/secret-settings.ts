import { z } from 'zod'

const MIN_SECRET_CHARACTERS = 32
const MIN_DIFFERENT_CHARACTERS = 8

/** What documents and examples put where a secret belongs. */
const PLACEHOLDER =
  /change.?me|replace.?me|your.?(own.?)?secret|super.?secret|pass.?word|^(0?123456789|abcdefgh)/i

/** The same few characters over and over. */
const REPEATED = /^(.{1,8}?)\1{3,}/

/** Whether whoever guesses would try it. */
export const isObviousSecret = (text: string): boolean =>
  new Set(text).size < MIN_DIFFERENT_CHARACTERS || PLACEHOLDER.test(text) || REPEATED.test(text)

const OBVIOUS = 'is easily guessed: make one with `openssl rand -hex 32`'

/** Secrets with commas between them, while one is exchanged: the first signs, all hold. */
export const secretsSchema = z.string().transform((text, context) => {
  const secrets = text.split(',').map((secret) => secret.trim())
  const refuse = (message: string) => {
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  }
  if (secrets.some((secret) => secret.length < MIN_SECRET_CHARACTERS)) {
    return refuse(
      `must have at least ${MIN_SECRET_CHARACTERS} characters; a comma stands between two of them`,
    )
  }
  return secrets.some(isObviousSecret) ? refuse(OBVIOUS) : secrets
})

/** `source:whsec_…`, separated by commas; a source may come several times while its secret is exchanged. */
export const hookSecretsSchema = z.string().transform((text, context) => {
  const pairs = text.split(',').map((pair) => {
    const [, source, secret] = /^\s*([\w.-]+):(whsec_[\w+/-]{32,}={0,2})\s*$/.exec(pair) ?? []
    if (source && secret) return { source, secret }
    const message =
      'must be source:whsec_…[,source:whsec_…], each secret base64 of 24 bytes or more'
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })
  if (pairs.some(({ secret }) => secret && isObviousSecret(secret.slice('whsec_'.length)))) {
    context.addIssue({ code: 'custom', message: OBVIOUS.replace('-hex', '-base64') })
  }
  return pairs
})

/** `name:key`, separated by commas; an operator may have several while a key is exchanged. */
export const operatorKeysSchema = z.string().transform((text, context) => {
  const pairs = text.split(',').map((pair) => {
    const [, name, key] = /^\s*([\w.-]+):([\w.~+/-]{32,}={0,2})\s*$/.exec(pair) ?? []
    if (name && key) return { name, key }
    const message =
      'must be name:key[,name:key], each key 32 or more letters, digits, ".", "_", "~", "+", "/" or "-"'
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })
  if (pairs.some(({ key }) => key && isObviousSecret(key))) {
    context.addIssue({ code: 'custom', message: OBVIOUS })
  }
  return pairs
})
