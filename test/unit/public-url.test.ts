import { expect, test } from '@jest/globals'
import { parseConfig } from '../../src/app/config.ts'
import { publicUrlOf } from '../../src/app/public-url.ts'

test.each([
  [{}, 'http://127.0.0.1:3000'],
  [{ HOST: '0.0.0.0' }, 'http://localhost:3000'],
  [{ HOST: '::', PORT: '80' }, 'http://localhost:80'],
  [{ HOST: '::1' }, 'http://[::1]:3000'],
  [{ HOST: 'api.internal' }, 'http://api.internal:3000'],
  [{ HOST: '0.0.0.0', PUBLIC_URL: 'https://images.example/' }, 'https://images.example'],
])('with %j clients come to %s', (environment, url) => {
  expect(publicUrlOf(parseConfig(environment))).toBe(url)
})
