import type { ShapingCheck } from '@bulkhead/sdk'
import { useQuery } from '@tanstack/react-query'
import { useState, type DragEvent } from 'react'
import { describeFailure } from '../../api/problem.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { cx } from '../../ui/cx.ts'
import { Facts } from '../../ui/facts.tsx'
import { Loaded } from '../../ui/listing.tsx'
import { TextArea } from '../../ui/text-area.tsx'
import { operationsQueries } from './operations-queries.ts'

const CHARS_MAX = 524_288

/** The rules in force, and a file that is looked at before it is put into its place. Nothing is applied here. */
export function ShapingRules() {
  const { api } = useSession()
  const rules = useQuery(operationsQueries.rules(api))
  return (
    <>
      <Loaded query={rules} label="the rules">
        {(data) => (
          <>
            <Facts
              rows={[
                [
                  'In force',
                  <span className="flex flex-wrap items-center gap-2">
                    {data.inForce === 'shipped'
                      ? 'The rules that are shipped'
                      : 'Your file over what is shipped'}
                    <Chip tone={data.ok ? 'ok' : 'bad'}>
                      {data.ok ? 'no problem' : 'the file has problems'}
                    </Chip>
                  </span>,
                ],
                [
                  'File',
                  data.file === null ? (
                    'None: BULKHEAD_SHAPING names no file.'
                  ) : (
                    <code className="font-mono text-xs break-all">{data.file}</code>
                  ),
                ],
                ['Providers', data.providers.join(', ')],
                [
                  'Rules about replies',
                  <details>
                    <summary>{data.automation.length} rules, tried in this order</summary>
                    <ol className="mt-1 list-decimal pl-5 text-xs text-muted">
                      {data.automation.map((name) => (
                        <li key={name}>{name}</li>
                      ))}
                    </ol>
                  </details>,
                ],
              ]}
            />
            {data.problems.length > 0 && <Problems problems={data.problems} />}
          </>
        )}
      </Loaded>
      <CheckFile />
    </>
  )
}

function CheckFile() {
  const { api } = useSession()
  const [text, setText] = useState('')
  const [result, setResult] = useState<{ text: string; check: ShapingCheck } | null>(null)
  const [failure, setFailure] = useState<string>()
  const [isBusy, setIsBusy] = useState(false)
  const [isOver, setIsOver] = useState(false)
  const check = (given: string): void => {
    setIsBusy(true)
    setFailure(undefined)
    setResult(null)
    api.shaping
      .check({ text: given })
      .then(
        (answer) => setResult({ text: given, check: answer }),
        (error: unknown) => setFailure(describeFailure(error).detail),
      )
      .finally(() => setIsBusy(false))
  }
  const take = (files: FileList | null): void => {
    const file = files?.[0]
    if (file === undefined) return
    if (file.size > CHARS_MAX) {
      setFailure('The file is larger than 512 KiB, and more is not read.')
      return
    }
    void file.text().then((given) => {
      setText(given)
      check(given)
    })
  }
  const drop = (event: DragEvent): void => {
    event.preventDefault()
    setIsOver(false)
    take(event.dataTransfer.files)
  }
  return (
    <section
      aria-label="Check a file"
      className={cx('px-4 py-4', isOver && 'bg-accent-soft')}
      onDragOver={(event) => {
        event.preventDefault()
        setIsOver(true)
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={drop}
    >
      <h2 className="mb-1 text-base font-semibold">Check a file</h2>
      <p className="mb-3 text-sm text-muted">
        Paste rules, drop a file here or choose one. It is looked at as if it were yours; nothing is applied.
      </p>
      <TextArea
        label="Rules (TOML)"
        name="rules"
        rows={8}
        value={text}
        maxLength={CHARS_MAX}
        onChange={(event) => setText(event.target.value)}
        placeholder={'[default]\nconnections = 10'}
        className="font-mono text-xs"
        problem={failure}
      />
      <div className="flex flex-wrap items-center gap-2">
        <Button
          look="main"
          disabled={isBusy}
          disabledReason={text.trim() === '' ? 'Paste rules or choose a file first.' : undefined}
          onClick={() => check(text)}
        >
          {isBusy ? 'Checking…' : 'Check'}
        </Button>
        <label className="inline-flex h-8 cursor-pointer items-center rounded-md border border-line-strong px-3 text-sm font-medium has-focus-visible:outline-2 has-focus-visible:outline-accent hover:bg-raised">
          Choose a file
          <input
            type="file"
            accept=".toml,text/plain"
            className="sr-only"
            onChange={(event) => take(event.target.files)}
          />
        </label>
      </div>
      {result !== null && (
        <div className="mt-4" aria-live="polite">
          {result.check.ok ? (
            <p className="text-sm text-ok">
              Nothing is wrong with it. With it there are {result.check.providers.length} providers and{' '}
              {result.check.automation.length} rules about replies.
            </p>
          ) : (
            <Marked text={result.text} problems={result.check.problems} />
          )}
        </div>
      )}
    </section>
  )
}

type Problem = ShapingCheck['problems'][number]

function Problems({ problems }: { readonly problems: readonly Problem[] }) {
  return (
    <ul className="border-b border-line px-4 py-3 text-sm">
      {problems.map((problem) => (
        <li key={`${problem.line} ${problem.field} ${problem.problem}`} className="py-0.5 break-words">
          <ProblemWords problem={problem} />
        </li>
      ))}
    </ul>
  )
}

function ProblemWords({ problem }: { readonly problem: Problem }) {
  return (
    <>
      <span className="text-bad">
        {problem.line === null ? '' : `Line ${problem.line}: `}
        {problem.field === '' ? '' : `${problem.field} `}
        {problem.problem}.
      </span>{' '}
      <span className="text-muted">
        {problem.fix.slice(0, 1).toUpperCase()}
        {problem.fix.slice(1)}
      </span>
    </>
  )
}

/** Lines around a problem that are shown. */
const AROUND = 2

/** The file with each problem under its line; of a long file only the parts around them. */
function Marked({ text, problems }: { readonly text: string; readonly problems: readonly Problem[] }) {
  const lines = text.split('\n')
  const near = new Set(
    problems.flatMap(({ line }) =>
      line === null ? [] : Array.from({ length: 2 * AROUND + 1 }, (_, step) => line - AROUND + step),
    ),
  )
  const shown = lines
    .map((content, place) => ({ content, line: place + 1 }))
    .filter(({ line }) => near.has(line))
  return (
    <>
      <p className="mb-2 text-sm font-medium text-bad">
        {problems.length === 1 ? '1 problem' : `${problems.length} problems`}. Put into its place, this file
        would change nothing: the last good rules would hold.
      </p>
      {problems.some(({ line }) => line === null) && (
        <Problems problems={problems.filter(({ line }) => line === null)} />
      )}
      <ol className="overflow-x-auto rounded-md border border-line font-mono text-xs" data-testid="marked">
        {shown.map(({ content, line }, place) => {
          const here = problems.filter((problem) => problem.line === line)
          const isBreak = place > 0 && shown[place - 1]?.line !== line - 1
          return (
            <li key={line} className={cx(isBreak && 'border-t border-line')}>
              <div className={cx('flex gap-3 px-3 py-0.5', here.length > 0 && 'bg-bad-soft')}>
                <span className="tabular w-8 shrink-0 text-right text-muted select-none">{line}</span>
                <span className="whitespace-pre">{content}</span>
              </div>
              {here.map((problem) => (
                <p
                  key={`${problem.field} ${problem.problem}`}
                  className="py-1 pr-3 pl-14 font-sans text-sm break-words whitespace-normal"
                >
                  <ProblemWords problem={{ ...problem, line: null }} />
                </p>
              ))}
            </li>
          )
        })}
      </ol>
    </>
  )
}
