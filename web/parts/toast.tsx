import { type ComponentChildren, createContext } from 'preact'
import { useCallback, useContext, useState } from 'preact/hooks'
import { Notice, type NoticeTone } from './notice.tsx'

type Toast = { id: number; text: string; tone: NoticeTone }
type ShowToast = (text: string, tone?: NoticeTone) => void

const SHOWN_MS = 6_000

const ToastContext = createContext<ShowToast>(() => {})

/** Says what was done, for a moment, in the corner and to screen readers. */
export const useToast = (): ShowToast => useContext(ToastContext)

export const ToastProvider = ({ children }: { children: ComponentChildren }) => {
  const [toasts, setToasts] = useState<Toast[]>([])
  const show = useCallback<ShowToast>((text, tone = 'good') => {
    const toast = { id: performance.now(), text, tone }
    setToasts((shown) => [...shown.slice(-2), toast])
    setTimeout(() => setToasts((shown) => shown.filter((other) => other !== toast)), SHOWN_MS)
  }, [])
  return (
    <ToastContext.Provider value={show}>
      {children}
      <div class="toasts" role="status" aria-live="polite">
        {toasts.map(({ id, text, tone }) => (
          <Notice key={id} tone={tone}>
            {text}
          </Notice>
        ))}
      </div>
    </ToastContext.Provider>
  )
}
