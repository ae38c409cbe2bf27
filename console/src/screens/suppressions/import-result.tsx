import { Link } from '@tanstack/react-router'
import type { SuppressionImport } from '@bulkhead/sdk'
import { formatCount } from '../../format.ts'
import { linkLook } from '../../ui/link.ts'

/** What an import did, in one sentence, with the way to what it refused. */
export function ImportResult({ found }: { readonly found: SuppressionImport }) {
  const verb = found.dryRun ? 'would be' : 'are'
  return (
    <span>
      {formatCount(found.added)} {verb} new,{' '}
      {found.widened > 0 && `${formatCount(found.widened)} stop more than before, `}
      {formatCount(found.unchanged)} were listed already, {formatCount(found.refused)} lines{' '}
      {found.dryRun ? 'would be' : 'were'} refused.
      {found.refused > 0 && (
        <>
          {' '}
          <Link to="/suppressions" search={{ view: 'imports', import: found.id }} className={linkLook}>
            See which, and why
          </Link>
        </>
      )}
    </span>
  )
}
