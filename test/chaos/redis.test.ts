import { redis } from './scenarios/redis.ts'
import { testShortForm } from './short-form.ts'

testShortForm(redis, 'redis')
