import { useMemo, useState } from 'react'
import type { TemplateVersion } from '@bulkhead/sdk'
import { isSameJson } from '../../same-json.ts'
import type { Dialect } from './dialects.ts'

/** What is in the editor. */
export interface DraftText {
  readonly subject: string
  readonly html: string
  readonly text: string
  /** JSON as it is typed. */
  readonly data: string
}

export interface Draft {
  readonly dialect: Dialect
  readonly setDialect: (dialect: Dialect) => void
  readonly content: DraftText
  readonly set: (part: keyof DraftText, value: string) => void
  readonly isChanged: boolean
  /** The sample data; null while what is typed is not an object. */
  readonly data: Readonly<Record<string, unknown>> | null
  readonly dataProblem: string | null
  /** As the API takes it; null while the data cannot be read. */
  readonly input: {
    readonly dialect: Dialect
    readonly variables: readonly Declared[]
    readonly subject: string
    readonly html: string | null
    readonly text: string | null
    readonly sampleData: Readonly<Record<string, unknown>>
  } | null
  /** What the editor does not show: a version that takes the place of this one keeps it. */
  readonly kept: Pick<TemplateVersion, 'from' | 'replyTo' | 'labels'>
}

interface Declared {
  readonly name: string
  readonly type: TemplateVersion['variables'][number]['type']
  readonly fallback?: string | number
}

/** A declared variable as the API takes it. */
function declared({ name, type, fallback }: TemplateVersion['variables'][number]): Declared {
  return fallback === null ? { name, type } : { name, type, fallback }
}

/** A version while it is edited. */
export function useDraft(version: TemplateVersion): Draft {
  const stored = useMemo(() => textOf(version), [version])
  const [content, setContent] = useState(stored)
  const [dialect, setDialect] = useState(version.dialect)
  const read = useMemo(() => readData(content.data), [content.data])
  return {
    dialect,
    setDialect,
    content,
    set: (part, value) => setContent((before) => ({ ...before, [part]: value })),
    isChanged:
      dialect !== version.dialect ||
      content.subject !== stored.subject ||
      content.html !== stored.html ||
      content.text !== stored.text ||
      // By what it means: the layout of the data is not stored.
      read.data === null ||
      !isSameJson(read.data, version.sampleData),
    data: read.data,
    dataProblem: read.problem,
    input:
      read.data === null
        ? null
        : {
            dialect,
            variables: version.variables.map(declared),
            subject: content.subject,
            html: content.html === '' ? null : content.html,
            text: content.text === '' ? null : content.text,
            sampleData: read.data,
          },
    kept: { from: version.from, replyTo: version.replyTo, labels: version.labels },
  }
}

function textOf(version: TemplateVersion): DraftText {
  return {
    subject: version.subject,
    html: version.html ?? '',
    text: version.text ?? '',
    data: `${JSON.stringify(version.sampleData, null, 2)}\n`,
  }
}

function readData(text: string): {
  readonly data: Readonly<Record<string, unknown>> | null
  readonly problem: string | null
} {
  if (text.trim() === '') return { data: {}, problem: null }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return { data: { ...value }, problem: null }
    return { data: null, problem: 'The data is an object: it begins with { and ends with }.' }
  } catch (error) {
    return { data: null, problem: error instanceof Error ? error.message : 'This is not JSON.' }
  }
}
