import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { AuditStateOutput } from '@bulkhead/sdk'
import { describeFailure } from '../../api/problem.ts'
import { formatCount } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Loaded } from '../../ui/listing.tsx'
import { Note } from '../../ui/note.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Time } from '../../ui/time.tsx'
import { auditQueries } from './audit-queries.ts'
import { checkGrowth, type Growth } from './proof/check-growth.ts'
import { forget, recall } from './proof/memory.ts'
import { whyNoProofs } from './proof/secure-context.ts'

/** Where the log stands, who watches it, and whether it is still the log that this browser saw before. */
export function LogState() {
  const { api } = useSession()
  const query = useQuery(auditQueries.state(api))
  return (
    <Panel
      title="The log"
      lead="A Merkle tree. Its head is signed each second; keep one, and nothing before it can be rewritten unseen."
    >
      <Loaded query={query} label="the state of the log" rows={1}>
        {(state) => (
          <div className="flex flex-col gap-3 px-4 py-3">
            <Head state={state} />
            {state.problem !== null && (
              <Note tone="warn" title="Checkpoints wait">
                {state.problem}
              </Note>
            )}
            <Comparison />
          </div>
        )}
      </Loaded>
    </Panel>
  )
}

function Head({ state }: { readonly state: AuditStateOutput }) {
  return (
    <div className="flex flex-wrap items-center gap-x-6 gap-y-2 text-sm">
      <span>
        <b className="tabular font-semibold">{formatCount(state.size)}</b> entries,{' '}
        <b className="tabular font-semibold">{formatCount(state.checkpointSize)}</b> signed
        {state.checkpointAt !== null && (
          <>
            {' '}
            (<Time at={state.checkpointAt} />)
          </>
        )}
      </span>
      {state.witnesses.length === 0 ? (
        <Chip title="A witness on another host keeps what the log said: docs/audit.md says how to run one.">
          no witness
        </Chip>
      ) : (
        state.witnesses.map((witness) => (
          <Chip
            key={witness.url}
            tone={witness.failures > 0 ? 'warn' : 'ok'}
            title={witness.problem ?? `Cosigned ${formatCount(witness.size ?? 0)} entries.`}
          >
            witness {witness.name}
          </Chip>
        ))
      )}
      {state.vkey !== null && (
        <span className="flex min-w-0 items-center gap-1 text-muted">
          Key <code className="max-w-56 truncate font-mono text-xs">{state.vkey}</code>
          <CopyButton text={state.vkey} what="the key of the log" small />
        </span>
      )}
      {state.checkpoint !== null && (
        <span className="flex items-center gap-1 text-muted">
          Checkpoint <CopyButton text={state.checkpoint} what="the checkpoint" small />
        </span>
      )}
    </div>
  )
}

function Comparison() {
  const { api } = useSession()
  const [before, setBefore] = useState(recall)
  const [growth, setGrowth] = useState<Growth>()
  const [failure, setFailure] = useState<string>()
  const [isBusy, setIsBusy] = useState(false)
  const compare = async (): Promise<void> => {
    setIsBusy(true)
    setFailure(undefined)
    try {
      setGrowth(await checkGrowth(api, Date.now()))
      setBefore(recall())
    } catch (error) {
      setFailure(describeFailure(error).detail)
    } finally {
      setIsBusy(false)
    }
  }
  return (
    <div className="flex flex-col gap-2 border-t border-line pt-3 text-sm">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <Button onClick={() => void compare()} disabled={isBusy} disabledReason={whyNoProofs()}>
          {isBusy
            ? 'Comparing…'
            : before === null
              ? 'Remember the log in this browser'
              : 'Compare with what I saw'}
        </Button>
        <span className="min-w-0 flex-1 basis-60 text-xs text-muted">
          {before === null ? (
            'From then on this browser notices when the log is not continued but replaced.'
          ) : (
            <>
              This browser remembers {formatCount(before.size)} entries from <Time at={before.at} />.
            </>
          )}
        </span>
      </div>
      <div aria-live="polite">
        {failure !== undefined && <Note tone="bad">{failure}</Note>}
        {growth?.kind === 'first' && (
          <Note tone="info">Remembered: {formatCount(growth.now.size)} entries and the key of the log.</Note>
        )}
        {growth?.kind === 'continued' && (
          <p className="font-semibold text-ok">
            Proved: the log still begins with the {formatCount(growth.before.size)} entries that this browser
            saw, and has {formatCount(growth.now.size - growth.before.size)} more.
          </p>
        )}
        {growth?.kind === 'broken' && (
          <Note tone="bad" title="This is not the log that this browser saw">
            <p className="mb-2">
              {growth.why} Keep a copy of the data and tell the operator. If the installation was set up anew,
              that explains it.
            </p>
            <Button
              onClick={() => {
                forget()
                setBefore(null)
                setGrowth(undefined)
              }}
            >
              Forget what this browser saw
            </Button>
          </Note>
        )}
      </div>
    </div>
  )
}
