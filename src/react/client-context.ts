import { createContext, createElement, type ReactNode, useContext } from 'react'
import type { ImageonceClient } from '../client/client.ts'

const ClientContext = createContext<ImageonceClient | undefined>(undefined)

export type ImageonceProviderProps = { client: ImageonceClient; children?: ReactNode }

/** Gives all components below it the client to ask with: one for the page, made outside of components. */
export const ImageonceProvider = ({ client, children }: ImageonceProviderProps) =>
  createElement(ClientContext, { value: client }, children)

export const useProvidedClient = (): ImageonceClient | undefined => useContext(ClientContext)
