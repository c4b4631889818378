'use client'

import { createImageonceClient } from 'imageonce/client'
import { ImageonceProvider } from 'imageonce/react'
import type { ReactNode } from 'react'

const client = createImageonceClient({
  baseUrl: process.env.NEXT_PUBLIC_IMAGEONCE_URL ?? 'http://127.0.0.1:3000',
  token: async () => {
    const response = await fetch('/api/imageonce-key')
    if (!response.ok) throw new Error('No key could be had.')
    return response.text()
  },
})

/** The page's client. Its key is asked for when it is first needed, and again once it has ended. */
export const Providers = ({ children }: { children: ReactNode }) => (
  <ImageonceProvider client={client}>{children}</ImageonceProvider>
)
