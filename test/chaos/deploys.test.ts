import { deploys } from './scenarios/deploys.ts'
import { testShortForm } from './short-form.ts'

testShortForm(deploys, 'postgres')
