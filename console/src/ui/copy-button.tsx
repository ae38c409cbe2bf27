import { useEffect, useState } from 'react'
import { Button } from './button.tsx'
import { CheckIcon, CopyIcon } from './icons.tsx'

const SHOWN_MS = 1_600

/** Copies a text. Browsers allow it in secure contexts only (HTTPS or this host); elsewhere the button says so. */
export function CopyButton({
  text,
  what,
  small = false,
}: {
  readonly text: string
  /** What is copied, for those who hear several such buttons. */
  readonly what?: string
  readonly small?: boolean
}) {
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
  const word = { idle: 'Copy', copied: 'Copied', failed: 'Not allowed' }[state]
  const supported = 'clipboard' in navigator
  return (
    <Button
      onClick={copy}
      aria-label={what === undefined ? undefined : `${word}: ${what}`}
      disabledReason={supported ? undefined : 'The browser allows copying over HTTPS or on localhost only.'}
      look={small ? 'quiet' : 'plain'}
      className={small ? 'h-5 px-1' : 'h-7 px-2'}
    >
      {state === 'copied' ? <CheckIcon className="size-3.5 text-ok" /> : <CopyIcon className="size-3.5" />}
      <span aria-live="polite" className={small ? 'sr-only' : undefined}>
        {word}
      </span>
    </Button>
  )
}
