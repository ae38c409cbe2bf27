import { lazy, Suspense } from 'react'

export interface EditorProblem {
  /** From 1. */
  readonly line: number
  /** From 1; null: the whole line. */
  readonly column: number | null
  readonly severity: 'error' | 'warning'
  readonly message: string
}

export interface CodeEditorProperties {
  readonly label: string
  readonly language: 'html' | 'text' | 'json'
  readonly value: string
  readonly onChange: (value: string) => void
  readonly readOnly?: boolean
  readonly problems?: readonly EditorProblem[]
}

const Editor = lazy(() =>
  import('./code-editor-view.tsx').then(({ CodeEditorView }) => ({ default: CodeEditorView })),
)

/** Source text with colours, line numbers, search (Ctrl F) and marks where something is wrong. Tab leaves it, as it leaves every field. */
export function CodeEditor({ readOnly = false, problems = [], ...rest }: CodeEditorProperties) {
  return (
    <Suspense
      fallback={
        <div className="h-full min-h-40 rounded bg-raised" role="status" aria-label="Loading the editor" />
      }
    >
      <Editor {...rest} readOnly={readOnly} problems={problems} />
    </Suspense>
  )
}
