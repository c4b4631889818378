import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { parseConfig } from '../../src/app/config.ts'
import { settingDescriptions } from '../../src/app/setting-descriptions.ts'

const settingsOf = (environment: Record<string, string>) =>
  new Map(parseConfig(environment).settings.map((setting) => [setting.name, setting]))

describe('every setting', () => {
  const names = [...settingsOf({}).keys()]

  test('is described, and nothing else is', () => {
    expect(Object.keys(settingDescriptions).sort()).toEqual([...names].sort())
    for (const description of Object.values(settingDescriptions)) {
      expect(description).toMatch(/\.$/)
    }
  })

  test('is in the README, and no other is in its table', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
    const table = readme.slice(readme.indexOf('| setting |'), readme.indexOf('How it works inside'))
    const told = [...table.matchAll(/`([A-Z][A-Z0-9_]+)`/g)].map(([, name]) => name)
    expect([...new Set([...told, 'NODE_ENV'])].sort()).toEqual([...names].sort())
  })
})

describe('what is told of a setting', () => {
  test('never has a secret in it', () => {
    const secrets = {
      AUTH_JWT_SECRET: 'jjj-9f86d081884c7d659a2feaa0c55ad015',
      IMAGE_URL_SECRET: 'iii-8d969eef6ecad3c29a3a629280e686cf',
      GEMINI_API_KEY: 'g-key',
      OPERATOR_KEYS: 'olga:ooo-ef92b778bafe771e89245b89ecbc08a4',
      HOOK_SECRETS: 'cms:whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      S3_ENDPOINT: 'https://user:hidden@s3.example/?token=hidden',
      S3_BUCKET: 'images',
      S3_ACCESS_KEY_ID: 'access',
      S3_SECRET_ACCESS_KEY: 'secret-access',
      DATABASE_URL: 'postgres://sam:p,w@db.example:5432/images?password=hidden',
      REDIS_URL: 'redis://:hidden@redis.example:6379/2',
    }
    const told = settingsOf(secrets)
    const text = JSON.stringify([...told.values()].map(({ value }) => value))
    for (const secret of [
      'jjj',
      'iii',
      'g-key',
      'ooo',
      'whsec',
      'hidden',
      'access',
      'sam',
      'p,w',
    ]) {
      expect(text).not.toContain(secret)
    }
    expect(told.get('DATABASE_URL')?.value).toBe('postgres://db.example:5432/images')
    expect(told.get('REDIS_URL')?.value).toBe('redis://redis.example:6379/2')
    expect(told.get('HOOK_SECRETS')).toMatchObject({ isSet: true, value: 'set' })
  })

  test('is its default where it is left empty', () => {
    expect(settingsOf({ PORT: '' }).get('PORT')).toMatchObject({ isSet: false, value: '3000' })
  })
})

test.each([
  'olga',
  'olga:short',
  `:${'k'.repeat(32)}`,
  `olga:${'k'.repeat(31)}`,
  `olga:${'k'.repeat(40)},`,
])('OPERATOR_KEYS that are none are refused: %s', (OPERATOR_KEYS) => {
  expect(() => parseConfig({ OPERATOR_KEYS })).toThrow(/OPERATOR_KEYS must be name:key/)
})
