import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { html } from '@codemirror/lang-html'
import { json } from '@codemirror/lang-json'
import { liquid } from '@codemirror/lang-liquid'
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language'
import { setDiagnostics, type Diagnostic } from '@codemirror/lint'
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search'
import { Compartment, EditorState, type Extension, type Text } from '@codemirror/state'
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { useEffect, useRef } from 'react'
import type { CodeEditorProperties, EditorProblem } from './code-editor.tsx'

/** The colours are those of the page: they follow the theme by themselves. */
const COLOURS = HighlightStyle.define([
  { tag: [tags.tagName, tags.keyword, tags.controlKeyword], color: 'var(--accent)' },
  { tag: [tags.attributeName, tags.propertyName, tags.variableName], color: 'var(--info)' },
  { tag: [tags.string, tags.attributeValue], color: 'var(--ok)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--warn)' },
  { tag: [tags.comment, tags.meta], color: 'var(--muted)' },
])

const LOOK = EditorView.theme({
  '&': { height: '100%', backgroundColor: 'var(--surface)', color: 'var(--ink)', fontSize: '12.5px' },
  '.cm-scroller': {
    fontFamily: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace',
  },
  '.cm-gutters': { backgroundColor: 'var(--canvas)', color: 'var(--muted)', border: 'none' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--accent) 6%, transparent)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-selectionBackground, &.cm-focused .cm-selectionBackground': {
    backgroundColor: 'color-mix(in srgb, var(--accent) 30%, transparent) !important',
  },
  '.cm-panels': { backgroundColor: 'var(--raised)', color: 'var(--ink)' },
  '.cm-tooltip': {
    backgroundColor: 'var(--raised)',
    color: 'var(--ink)',
    border: '1px solid var(--line-strong)',
  },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-2px' },
})

/** The editor itself. It lives in a shadow tree: there its styles are adopted sheets, which the page's policy allows. */
export function CodeEditorView({
  label,
  language,
  value,
  onChange,
  readOnly,
  problems,
}: Required<CodeEditorProperties>) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | null>(null)
  const readOnlyPlace = useRef(new Compartment())
  const change = useRef(onChange)
  change.current = onChange
  const first = useRef({ value, readOnly })
  useEffect(() => {
    const element = host.current
    if (element === null) return
    const root = element.shadowRoot ?? element.attachShadow({ mode: 'open' })
    const made = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: first.current.value,
        extensions: [
          ...extensionsFor(language),
          readOnlyPlace.current.of(readOnlyOf(first.current.readOnly)),
          EditorView.contentAttributes.of({ 'aria-label': label }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) change.current(update.state.doc.toString())
          }),
        ],
      }),
    })
    view.current = made
    return () => {
      made.destroy()
      view.current = null
    }
  }, [label, language])
  useEffect(() => {
    const editor = view.current
    if (editor === null || editor.state.doc.toString() === value) return
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } })
  }, [value])
  useEffect(() => {
    view.current?.dispatch({ effects: readOnlyPlace.current.reconfigure(readOnlyOf(readOnly)) })
  }, [readOnly])
  useEffect(() => {
    const editor = view.current
    if (editor !== null)
      editor.dispatch(
        setDiagnostics(
          editor.state,
          problems.map((problem) => diagnosticOf(editor.state.doc, problem)),
        ),
      )
  }, [problems])
  return <div ref={host} className="h-full min-h-40 overflow-hidden" />
}

function extensionsFor(language: CodeEditorProperties['language']): Extension[] {
  return [
    lineNumbers(),
    history(),
    drawSelection(),
    highlightActiveLine(),
    highlightSelectionMatches(),
    indentOnInput(),
    bracketMatching(),
    search({ top: true }),
    EditorView.lineWrapping,
    syntaxHighlighting(COLOURS),
    LOOK,
    // Tab leaves the editor, as it leaves every field: nobody is caught in it.
    keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap]),
    ...(language === 'json' ? [json()] : [liquid({ base: html() })]),
  ]
}

function readOnlyOf(isReadOnly: boolean): Extension {
  return isReadOnly ? [EditorState.readOnly.of(true)] : []
}

function diagnosticOf(doc: Text, { line, column, severity, message }: EditorProblem): Diagnostic {
  const { from, to } = doc.line(Math.max(1, Math.min(doc.lines, line)))
  const start = column === null ? from : Math.min(to, from + column - 1)
  return { from: start, to: Math.max(start, to), severity, message }
}
