import { Fragment, useState } from 'react'
import { LinkButton } from '../../ui/button.tsx'
import { cx } from '../../ui/cx.ts'
import { Chip } from '../../ui/chip.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Time } from '../../ui/time.tsx'
import { adviceBeside, days, nameIn, type DnsRecord } from './domain-records.ts'
import { RecordChip, recordWords } from './domain-words.tsx'

const HEAD = 'px-4 py-2 font-medium'
const CELL = 'px-4 align-top max-md:block max-md:py-1 md:py-3'

/** DNS records: what to publish where, what is there, and what to change. On a phone each one is a block of lines. */
export function RecordTable({
  label,
  records,
  zone,
}: {
  readonly label: string
  readonly records: readonly DnsRecord[]
  /** What the DNS host appends to names by itself. */
  readonly zone: string | undefined
}) {
  return (
    // Roles are written out: browsers drop those of tables that are laid out as blocks.
    <table
      role="table"
      aria-label={label}
      className="w-full table-fixed border-collapse text-sm max-md:block"
    >
      <thead role="rowgroup" className="max-md:sr-only">
        <tr role="row" className="border-b border-line text-left text-xs text-muted">
          <th role="columnheader" scope="col" className={cx(HEAD, 'w-[27%]')}>
            Record
          </th>
          <th role="columnheader" scope="col" className={cx(HEAD, 'w-22')}>
            Type
          </th>
          <th role="columnheader" scope="col" className={cx(HEAD, 'w-[31%]')}>
            Name
          </th>
          <th role="columnheader" scope="col" className={HEAD}>
            Value
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup" className="max-md:block">
        {records.map((record) => (
          <RecordRow key={`${record.name} ${record.purpose}`} record={record} zone={zone} />
        ))}
      </tbody>
    </table>
  )
}

function RecordRow({ record, zone }: { readonly record: DnsRecord; readonly zone: string | undefined }) {
  const { name, says } = recordWords(record)
  const { dkim } = record
  const isLeaving = dkim?.state === 'retiring' || dkim?.state === 'removable'
  return (
    <tr role="row" className="border-b border-line last:border-b-0 max-md:block max-md:py-2">
      <td role="cell" className={CELL}>
        <div className="flex flex-wrap items-center gap-1.5">
          <span className="font-medium">{name}</span>
          <RecordChip record={record} />
          {!record.required && dkim?.state !== 'pending' && !isLeaving && <Chip>optional</Chip>}
        </div>
        {dkim !== null && (
          <p className="mt-1 text-xs text-muted">
            {KEY_WORDS[dkim.state]} · {dkim.algorithm === 'rsa' ? 'RSA 2048' : 'Ed25519'} ·{' '}
            {dkim.ageDays === 0 ? 'made today' : `${days(dkim.ageDays)} old`}
          </p>
        )}
        {!isLeaving && <p className="mt-1 text-xs text-muted">{says}</p>}
        {dkim?.hint != null && <p className="mt-1 text-xs text-warn">{dkim.hint}</p>}
        <Advice record={record} />
        {record.checkedAt !== null && (
          <p className="mt-1 text-xs text-muted">
            Last looked for <Time at={record.checkedAt} />
          </p>
        )}
      </td>
      <td role="cell" className={CELL}>
        <span className="text-xs text-muted md:hidden">Type </span>
        <code className="text-xs">{record.type}</code>
      </td>
      <td role="cell" className={CELL}>
        <Copied label="Name" text={nameIn(record.name, zone)} />
      </td>
      <td role="cell" className={CELL}>
        <Copied label="Value" text={record.value} />
      </td>
    </tr>
  )
}

const KEY_WORDS: Readonly<Record<NonNullable<DnsRecord['dkim']>['state'], string>> = {
  pending: 'New, waits for DNS',
  active: 'Signs',
  standby: 'Stands by',
  retiring: 'Signs no more',
  removable: 'Destroyed',
}

/** What DNS said and what to change, where something is to be done. Name and value stand beside it and are not said again. */
function Advice({ record }: { readonly record: DnsRecord }) {
  const { found, state, dkim } = record
  const isLeaving = dkim?.state === 'removable' || dkim?.state === 'retiring'
  if (state === 'ok' && !isLeaving) return null
  const advice = adviceBeside(record)
  return (
    <div className="mt-1.5 text-xs">
      {state === 'wrong' && found.length > 0 && (
        <>
          <p className="text-bad">DNS has now:</p>
          {found.map((text) => (
            <code key={text} className="block max-h-24 overflow-y-auto break-all text-bad">
              {text}
            </code>
          ))}
        </>
      )}
      {advice !== null && <p className="mt-1 break-words text-ink">{advice}</p>}
    </div>
  )
}

const LONG_CHARS = 96

/** A text to paste, with its button. Long ones are cut until somebody wants to see them; what is copied is whole. */
function Copied({ label, text }: { readonly label: string; readonly text: string }) {
  const [isWhole, setIsWhole] = useState(false)
  const isLong = text.length > LONG_CHARS
  return (
    <div className="flex items-start gap-2">
      <div className="min-w-0 flex-1">
        <span className="text-xs text-muted md:hidden">{label} </span>
        <code className="text-xs [overflow-wrap:anywhere]">
          <Breakable text={isLong && !isWhole ? `${text.slice(0, LONG_CHARS)}…` : text} />
        </code>
        {isLong && (
          <LinkButton aria-expanded={isWhole} onClick={() => setIsWhole(!isWhole)} className="ml-1 text-xs">
            {isWhole ? 'less' : 'all'}
          </LinkButton>
        )}
      </div>
      <CopyButton text={text} />
    </div>
  )
}

/** Breaks after dots first, so that a name is read label by label. */
function Breakable({ text }: { readonly text: string }) {
  const [first = '', ...rest] = text.split('.')
  let place = first.length
  return (
    <>
      {first}
      {rest.map((label) => {
        place += label.length + 1
        return (
          <Fragment key={place}>
            .<wbr />
            {label}
          </Fragment>
        )
      })}
    </>
  )
}
