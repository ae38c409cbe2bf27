import { useEffect, useId, useRef, type ReactNode } from 'react'

/** A question that waits for an answer. The browser's own dialog keeps the focus inside and closes on Esc. */
export function Dialog({
  title,
  onClose,
  isAlone = false,
  children,
}: {
  readonly title: string
  readonly onClose: () => void
  /** While it is open others are not seen: nobody looks at a question over a question. */
  readonly isAlone?: boolean
  readonly children: ReactNode
}) {
  const element = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  useEffect(() => {
    element.current?.showModal()
  }, [])
  return (
    <dialog
      ref={element}
      aria-labelledby={titleId}
      {...(isAlone ? { 'data-alone': '' } : {})}
      onClose={onClose}
      className="w-[min(30rem,calc(100vw-2rem))] rounded-lg border border-line bg-surface p-5 text-ink shadow-xl"
    >
      <h2 id={titleId} className="mb-2 text-base font-semibold">
        {title}
      </h2>
      {children}
    </dialog>
  )
}
