import { useEffect, useState } from 'react'
import { Button } from './button.tsx'
import { CheckIcon, CopyIcon } from './icons.tsx'

const SHOWN_MS = 1_600

/** Copies a text. Browsers allow it in secure contexts only (HTTPS or this host); elsewhere the button says so. */
export function CopyButton({ text, label = 'Copy' }: { readonly text: string; readonly label?: string }) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle')
  useEffect(() => {
    if (state === 'idle') return
    const timer = setTimeout(() => setState('idle'), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [state])
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setState('copied'),
      () => setState('failed'),
    )
  }
  const supported = 'clipboard' in navigator
  return (
    <Button
      onClick={copy}
      disabledReason={supported ? undefined : 'The browser allows copying over HTTPS or on localhost only.'}
      className="h-7 px-2"
    >
      {state === 'copied' ? <CheckIcon className="size-3.5 text-ok" /> : <CopyIcon className="size-3.5" />}
      <span aria-live="polite">{{ idle: label, copied: 'Copied', failed: 'Not allowed' }[state]}</span>
    </Button>
  )
}
