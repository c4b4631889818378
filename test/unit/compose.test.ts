import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { settingDescriptions } from '../../src/app/setting-descriptions.ts'

type Service = {
  image: string
  environment?: Record<string, unknown>
  env_file?: { path: string; required: boolean }[]
  mem_limit?: string
  ports?: string[]
}

let services: Record<string, Service>
beforeAll(async () => {
  services = parse(await readFile('docker-compose.yml', 'utf8'), { merge: true }).services
})
const listOurs = () => Object.entries(services).filter(([, { image }]) => image === 'imageonce')

describe('docker-compose.yml', () => {
  test('lets every setting of .env reach every process of ours, but for where the API listens in its container', () => {
    expect(listOurs().map(([name]) => name)).toEqual(['api', 'worker', 'migrate', 'create-bucket'])
    const fixed = listOurs().flatMap(([name, { environment = {} }]) =>
      Object.entries(environment)
        .filter(([setting, value]) => !String(value).startsWith(`\${${setting}:-`))
        .map(([setting]) => `${name}: ${setting}`),
    )
    expect(fixed).toEqual(['api: PORT'])
    for (const [, { env_file }] of listOurs()) {
      expect(env_file).toEqual([{ path: '.env', required: false }])
    }
  })

  test('names no setting that there is not', () => {
    const known = new Set(Object.keys(settingDescriptions))
    const named = listOurs().flatMap(([, { environment = {} }]) => Object.keys(environment))
    expect(named.filter((name) => !known.has(name))).toEqual([])
  })

  test('starts without any file, and shows what it starts to this machine alone', async () => {
    const text = await readFile('docker-compose.yml', 'utf8')
    expect(text).not.toMatch(/\$\{\w+:\?/)
    for (const { ports = [] } of Object.values(services)) {
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/)
    }
  })

  test('bounds the memory of whatever goes on running', () => {
    const running = ['api', 'worker', 'postgres', 'redis', 's3']
    for (const name of running) expect(services[name]?.mem_limit).toMatch(/^\d+[mg]$/)
  })
})

describe('.env.example', () => {
  test('names settings that there are, and passwords of the stores', async () => {
    const text = await readFile('.env.example', 'utf8')
    const named = [...text.matchAll(/^#?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name ?? '')
    const known = new Set([
      ...Object.keys(settingDescriptions),
      'POSTGRES_PASSWORD',
      'REDIS_PASSWORD',
    ])
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter((name) => !known.has(name))).toEqual([])
    expect(named).toContain('NODE_ENV')
  })
})
