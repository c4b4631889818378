import { batches } from './scenarios/batches.ts'
import { testShortForm } from './short-form.ts'

testShortForm(batches, 'redis')
