const globals = new URL('./globals.ts', import.meta.url).href

/** A hook of Node's module loader. @type {import('node:module').ResolveHook} */
export const resolve = (specifier, context, nextResolve) =>
  nextResolve(specifier === '@jest/globals' ? globals : specifier, context)
