import { randomChaos } from './scenarios/random-chaos.ts'
import { testShortForm } from './short-form.ts'

testShortForm(randomChaos, 'redis')
