import { createContext, useCallback, useContext, useMemo, useRef, useState, type ReactNode } from 'react'
import { CheckIcon } from './icons.tsx'

const SHOWN_MS = 5_000

interface Toast {
  readonly id: number
  readonly text: string
}

const ToastContext = createContext<(text: string) => void>(() => undefined)

/** Says that something was done, in a corner, without taking the focus. Failures stand where they happened instead. */
export function useToast(): (text: string) => void {
  return useContext(ToastContext)
}

/** Around every page: shows what `useToast` says. */
export function Toasts({ children }: { readonly children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([])
  const count = useRef(0)
  const show = useCallback((text: string) => {
    count.current += 1
    const id = count.current
    setToasts((shown) => [...shown.slice(-2), { id, text }])
    setTimeout(() => setToasts((shown) => shown.filter((toast) => toast.id !== id)), SHOWN_MS)
  }, [])
  const value = useMemo(() => show, [show])
  return (
    <ToastContext value={value}>
      {children}
      <div aria-live="polite" className="pointer-events-none fixed right-4 bottom-4 z-30 flex flex-col gap-2">
        {toasts.map(({ id, text }) => (
          <p
            key={id}
            className="flex max-w-sm items-center gap-2 rounded-md border border-line bg-surface px-3 py-2 text-sm shadow-lg"
          >
            <CheckIcon className="size-4 shrink-0 text-ok" />
            {text}
          </p>
        ))}
      </div>
    </ToastContext>
  )
}
