import type { ContainmentsPreviewOutput } from '@bulkhead/sdk'
import { formatCount } from '../../format.ts'
import { Button } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { capabilityLabel } from './capability-words.ts'

/** What it would block and who would pay for it, by what happened lately. Nothing was changed. */
export function ContainmentPreview({
  preview,
  onTake,
}: {
  readonly preview: ContainmentsPreviewOutput
  readonly onTake: (proposal: ContainmentsPreviewOutput['proposal']) => void
}) {
  const { rates, waiting, credentials, proposal } = preview
  const blocked = waiting.reduce((sum, lane) => sum + lane.blocked, 0)
  return (
    <section
      aria-label="Preview"
      className="rounded-md border border-line bg-canvas p-4 text-sm"
      aria-live="polite"
    >
      <h3 className="font-semibold">What it would do, by the last {preview.minutes} minutes</h3>
      <ul className="mt-2 flex flex-col gap-1">
        <li>
          <b className="tabular font-semibold">{perMinute(preview.blockedPerMinute)}</b> acts a minute would
          be stopped, <b className="tabular font-semibold">{perMinute(preview.legitimatePerMinute)}</b> of
          them by others
          {preview.collateralRatio !== null && ` (${Math.round(preview.collateralRatio * 100)} %)`}.
        </li>
        <li>
          <b className="tabular font-semibold">{formatCount(blocked)}</b> recipients that wait now would stay
          waiting; none is lost.
        </li>
        <li>
          {formatCount(credentials.apiKeys)} API keys and {formatCount(credentials.smtpCredentials)} SMTP
          credentials are live; {formatCount(preview.streams)} live streams.
        </li>
      </ul>
      {rates.length > 0 && (
        <table className="mt-3 w-full text-xs" aria-label="What was done lately">
          <thead>
            <tr className="border-b border-line text-left text-muted">
              <th scope="col" className="py-1 pr-3 font-medium">
                What
              </th>
              <th scope="col" className="py-1 pr-3 font-medium">
                Who
              </th>
              <th scope="col" className="py-1 pr-3 text-right font-medium">
                A minute
              </th>
              <th scope="col" className="py-1 font-medium">
                <span className="sr-only">Stopped</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rates.slice(0, 12).map((rate) => (
              <tr
                key={`${rate.capability} ${rate.actorClass} ${rate.actor ?? ''}`}
                className="border-b border-line"
              >
                <td className="py-1 pr-3">{capabilityLabel(rate.capability)}</td>
                <td className="py-1 pr-3 font-mono break-all">{rate.actor ?? rate.actorClass}</td>
                <td className="tabular py-1 pr-3 text-right">{perMinute(rate.perMinute)}</td>
                <td className="py-1">
                  {rate.blocked ? <Chip tone="bad">stopped</Chip> : <Chip>goes on</Chip>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <div className="mt-3 flex flex-wrap items-center gap-2">
        <span className="min-w-0 flex-1 basis-60">
          The narrowest that does it: {proposal.capabilities.map(capabilityLabel).join(', ')}
          {proposal.credential !== null && (
            <>
              {' '}
              for <code className="font-mono text-xs">{proposal.credential}</code>
            </>
          )}
          . {proposal.why}
        </span>
        <Button onClick={() => onTake(proposal)}>Take this</Button>
      </div>
    </section>
  )
}

function perMinute(value: number): string {
  return value < 10
    ? value.toLocaleString('en', { maximumFractionDigits: 1 })
    : formatCount(Math.round(value))
}
