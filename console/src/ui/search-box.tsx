import { useEffect, useRef, useState } from 'react'
import { SearchIcon } from './icons.tsx'

const TYPING_MS = 300

/** A search field that tells its text when the typing pauses; `/` brings the focus here, Esc leaves. */
export function SearchBox({
  value,
  onSearch,
  label,
  placeholder,
  hotkey = false,
}: {
  readonly value: string
  readonly onSearch: (text: string) => void
  readonly label: string
  readonly placeholder: string
  readonly hotkey?: boolean
}) {
  const [text, setText] = useState(value)
  const told = useRef(value)
  useEffect(() => {
    if (value === told.current) return
    told.current = value
    setText(value)
  }, [value])
  useEffect(() => {
    if (text === told.current) return
    const timer = setTimeout(() => {
      told.current = text
      onSearch(text)
    }, TYPING_MS)
    return () => clearTimeout(timer)
  }, [text, onSearch])
  return (
    <label className="relative flex min-w-0 flex-1 items-center">
      <span className="sr-only">{label}</span>
      <SearchIcon className="pointer-events-none absolute left-2.5 size-3.5 text-muted" />
      <input
        type="search"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur()
        }}
        placeholder={placeholder}
        autoComplete="off"
        spellCheck={false}
        data-search={hotkey ? '' : undefined}
        className="h-8 w-full min-w-0 rounded-md border border-line-strong bg-surface pr-2 pl-8 text-sm placeholder:text-muted"
      />
    </label>
  )
}
