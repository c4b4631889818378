import { postgres } from './scenarios/postgres.ts'
import { testShortForm } from './short-form.ts'

testShortForm(postgres, 'redis')
