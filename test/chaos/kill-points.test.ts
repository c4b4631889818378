import { killPoints } from './scenarios/kill-points.ts'
import { testShortForm } from './short-form.ts'

testShortForm(killPoints, 'postgres')
