import { provider } from './scenarios/provider.ts'
import { testShortForm } from './short-form.ts'

testShortForm(provider, 'postgres')
