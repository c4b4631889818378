import './global-setup.ts'

const globalTeardown = async (): Promise<void> => {
  await globalThis.stopTestServices?.()
}

export default globalTeardown
