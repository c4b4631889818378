import { interleavings } from './scenarios/interleavings.ts'
import { testShortForm } from './short-form.ts'

testShortForm(interleavings, 'redis')
