import { duplicates } from './scenarios/duplicates.ts'
import { testShortForm } from './short-form.ts'

testShortForm(duplicates, 'redis')
