import { store } from './scenarios/store.ts'
import { testShortForm } from './short-form.ts'

testShortForm(store, 'postgres')
