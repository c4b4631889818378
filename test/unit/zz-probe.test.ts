import { expect, test } from '@jest/globals'
import { createTestDatabase } from '../support/database.ts'
import { describeWith, describeWhen } from '../support/skip.ts'
import pg from 'pg'
test('db', async () => {
  const t = Date.now()
  const d = await createTestDatabase()
  console.log(Date.now() - t, process.env.TEST_REDIS_URL, process.env.TEST_S3_ENDPOINT, process.env.TEST_CHROMIUM)
  const c = new pg.Client(d.url); await c.connect()
  expect((await c.query('select count(*)::int n from generations')).rows[0].n).toBe(0)
  if (!process.env.LEAK) await c.end()
  const t2 = Date.now(); if (!process.env.LEAK) await d.drop(); console.log('drop', Date.now() - t2)
})
describeWith('redis', 'redis thing', () => { test('x', () => {}) })
describeWhen(false, 'never', 'nothing', () => { test('x', () => {}); test('y', () => {}) })
