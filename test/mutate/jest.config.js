import config from '../../jest.config.js'

// The services are started once for all mutations.
const { globalSetup: _, globalTeardown: __, ...common } = config

export default { ...common, rootDir: '../..', reporters: [], maxWorkers: 1 }
