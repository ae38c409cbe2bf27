import { useEffect, useId, useRef, useState, type FormEvent } from 'react'
import { SearchIcon } from '../../ui/icons.tsx'
import { readWords, wordsOf, type Words } from './message-words.ts'

const TYPING_MS = 500

/** The search of messages in words. It searches when the typing pauses and all is understood, or with Enter; `/` brings the focus here. */
export function SearchWords({
  words,
  onSearch,
}: {
  readonly words: Words
  readonly onSearch: (words: Words) => void
}) {
  const shown = wordsOf(words)
  const [text, setText] = useState(shown)
  const [problem, setProblem] = useState<string>()
  const told = useRef(shown)
  const id = useId()
  // Filters that were chosen elsewhere; what is being typed is not rewritten.
  useEffect(() => {
    if (shown === told.current) return
    told.current = shown
    setText(shown)
    setProblem(undefined)
  }, [shown])
  useEffect(() => {
    const read = readWords(text)
    if (read.problem !== undefined || wordsOf(read.words) === told.current) return
    const timer = setTimeout(() => {
      told.current = wordsOf(read.words)
      setProblem(undefined)
      onSearch(read.words)
    }, TYPING_MS)
    return () => clearTimeout(timer)
  }, [text, onSearch])
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    const read = readWords(text)
    setProblem(read.problem)
    if (read.problem !== undefined) return
    told.current = wordsOf(read.words)
    onSearch(read.words)
  }
  return (
    <form role="search" onSubmit={submit} className="min-w-0 flex-1 basis-full md:basis-80">
      <label className="relative flex items-center">
        <span className="sr-only">Search messages</span>
        <SearchIcon className="pointer-events-none absolute left-2.5 size-3.5 text-muted" />
        <input
          type="search"
          value={text}
          onChange={(event) => {
            setText(event.target.value)
            setProblem(undefined)
          }}
          onKeyDown={(event) => {
            if (event.key === 'Escape') event.currentTarget.blur()
          }}
          placeholder="recipient:ann@example.com  tag:news  state:bounced   ( / )"
          autoComplete="off"
          spellCheck={false}
          aria-invalid={problem !== undefined}
          aria-describedby={problem === undefined ? undefined : id}
          data-search=""
          className="h-8 w-full min-w-0 rounded-md border border-line-strong bg-surface pr-2 pl-8 text-sm placeholder:text-muted aria-invalid:border-bad"
        />
      </label>
      {problem !== undefined && (
        <p id={id} role="alert" className="mt-1 text-xs text-bad">
          {problem}
        </p>
      )}
    </form>
  )
}
