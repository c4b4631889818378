import config from '../../jest.config.js'

// The services are started once for all mutations, and no worker is wanted for one file.
const { globalSetup: _, globalTeardown: __, workerIdleMemoryLimit: ___, ...common } = config

export default { ...common, rootDir: '../..', reporters: [], maxWorkers: 1 }
