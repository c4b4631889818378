import { stoppedWorker } from './scenarios/stopped-worker.ts'
import { testShortForm } from './short-form.ts'

testShortForm(stoppedWorker, 'postgres')
