import { lazy, Suspense, useEffect } from 'react'

const Palette = lazy(() => import('./palette.tsx').then(({ Palette: component }) => ({ default: component })))

/** Opens the palette on Ctrl K or ⌘ K from everywhere. Its code is loaded when it is first wanted. */
export function PaletteHost({
  isOpen,
  onOpen,
}: {
  readonly isOpen: boolean
  readonly onOpen: (isOpen: boolean) => void
}) {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (
        event.key.toLowerCase() !== 'k' ||
        !(event.ctrlKey || event.metaKey) ||
        event.altKey ||
        event.shiftKey
      )
        return
      event.preventDefault()
      onOpen(true)
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [onOpen])
  if (!isOpen) return null
  return (
    <Suspense fallback={null}>
      <Palette onClose={() => onOpen(false)} />
    </Suspense>
  )
}
