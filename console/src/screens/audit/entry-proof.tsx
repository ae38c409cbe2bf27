import { useState } from 'react'
import type { AuditGetOutput } from '@bulkhead/sdk'
import { describeFailure } from '../../api/problem.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { CheckIcon, CrossIcon, DownloadIcon } from '../../ui/icons.tsx'
import { Note } from '../../ui/note.tsx'
import { saveBlob } from '../../ui/save-blob.ts'
import { whyNoProofs } from './proof/secure-context.ts'
import { checkEntry, type EntryVerdict } from './proof/check-entry.ts'
import { parseLogKey } from './proof/checkpoint.ts'
import { recall } from './proof/memory.ts'

/** Checks the entry's proof in this browser, step by step, with what was computed. */
export function EntryProof({ entry }: { readonly entry: AuditGetOutput }) {
  const { api } = useSession()
  const [isBusy, setIsBusy] = useState(false)
  const [failure, setFailure] = useState<string>()
  const [verdict, setVerdict] = useState<EntryVerdict>()
  const check = async (): Promise<void> => {
    setIsBusy(true)
    setFailure(undefined)
    setVerdict(undefined)
    try {
      // The key that this browser remembers is worth more than the one that comes with the proof.
      const vkey = recall()?.vkey ?? (await api.audit.state()).vkey
      if (vkey === null) throw new Error('The log has no key yet: nothing was signed.')
      setVerdict(await checkEntry(entry, await parseLogKey(vkey)))
    } catch (error) {
      setFailure(describeFailure(error).detail)
    } finally {
      setIsBusy(false)
    }
  }
  const isProved = verdict?.steps.every((step) => step.isProved) === true
  return (
    <div className="flex flex-col gap-3 px-4 py-3">
      <div className="flex flex-wrap items-center gap-2">
        <Button look="main" onClick={() => void check()} disabled={isBusy} disabledReason={whyNoProofs()}>
          {isBusy ? 'Checking…' : 'Check the proof'}
        </Button>
        <Button
          onClick={() =>
            saveBlob(new Blob([entry.proof ?? ''], { type: 'text/plain' }), `entry-${entry.index}.tlog-proof`)
          }
          disabledReason={entry.proof === null ? 'The entry is not under a checkpoint yet.' : undefined}
        >
          <DownloadIcon /> Save the proof
        </Button>
        <p className="text-xs text-muted">
          Computed here, not on the server. Offline: <code className="font-mono">bulkhead audit verify</code>.
        </p>
      </div>
      {failure !== undefined && <Note tone="bad">{failure}</Note>}
      {verdict !== undefined && (
        <div aria-live="polite" ref={(element) => element?.scrollIntoView({ block: 'nearest' })}>
          <p className={isProved ? 'font-semibold text-ok' : 'font-semibold text-bad'}>
            {isProved
              ? 'Proved: this entry is in the log, as it is shown.'
              : 'Not proved. Keep the data and tell others.'}
          </p>
          <ol className="mt-2 flex flex-col gap-2">
            {verdict.steps.map((step) => (
              <li key={step.claim} className="text-sm">
                <span className="flex items-start gap-2">
                  {step.isProved ? (
                    <CheckIcon className="mt-0.5 size-4 shrink-0 text-ok" />
                  ) : (
                    <CrossIcon className="mt-0.5 size-4 shrink-0 text-bad" />
                  )}
                  {step.claim}
                </span>
                <details className="ml-6">
                  <summary className="text-xs text-muted">What was computed</summary>
                  <pre
                    className="mt-1 overflow-x-auto rounded bg-raised p-2 font-mono text-xs whitespace-pre-wrap break-all"
                    tabIndex={0}
                  >
                    {step.evidence}
                  </pre>
                </details>
              </li>
            ))}
          </ol>
          {verdict.checkpoint !== null && verdict.checkpoint.alsoSigned.length > 0 && (
            <p className="mt-2 text-xs text-muted">
              Cosigned by {verdict.checkpoint.alsoSigned.join(', ')}. Their keys are not known to this
              browser: check them with <code className="font-mono">bulkhead audit verify --witness</code>.
            </p>
          )}
        </div>
      )}
    </div>
  )
}
