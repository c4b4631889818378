/** The programs that are measured, as arguments to node. */
export const imageonceCommand = (name: 'api' | 'worker' | 'start'): string[] => [
  'dist/src/cli.js',
  name,
]
export const bareServerCommand = ['--import', 'tsx', 'bench/bare-server.ts']
export const fairServerCommand = ['--import', 'tsx', 'bench/fair-server.ts']
