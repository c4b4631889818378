import { spending } from './scenarios/spending.ts'
import { testShortForm } from './short-form.ts'

testShortForm(spending, 'redis')
