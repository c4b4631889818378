import { rolling } from './scenarios/rolling.ts'
import { testShortForm } from './short-form.ts'

testShortForm(rolling, 'redis')
