import type { Domain } from '@bulkhead/sdk'
import { getRouteApi } from '@tanstack/react-router'
import { CopyIcon, DownloadIcon } from '../../ui/icons.tsx'
import { Button } from '../../ui/button.tsx'
import { Select } from '../../ui/field.tsx'
import { saveBlob } from '../../ui/save-blob.ts'
import { useToast } from '../../ui/toast.tsx'
import { nameIn, zoneFile, zonesOf, type DnsRecord } from './domain-records.ts'

const route = getRouteApi('/domains/$domainId')

/** How names are written, and all records at once. */
export function RecordTools({
  domain,
  records,
  zone,
}: {
  readonly domain: Domain
  readonly records: readonly DnsRecord[]
  readonly zone: string | undefined
}) {
  const navigate = route.useNavigate()
  const toast = useToast()
  const sample = records[0]?.name ?? domain.name
  const file = zoneFile(domain.name, records)
  return (
    <div className="flex flex-wrap items-end gap-x-4 gap-y-3 border-b border-line px-4 py-3">
      <div className="min-w-0 flex-1 basis-72">
        <Select
          label="Names as your DNS host wants them"
          value={zone ?? ''}
          onChange={(event) =>
            void navigate({
              search: event.target.value === '' ? {} : { zone: event.target.value },
              replace: true,
            })
          }
        >
          <option value="">Whole: {sample}</option>
          {zonesOf(domain.name).map((one) => (
            <option key={one} value={one}>
              Without {one}: {nameIn(sample, one)}
            </option>
          ))}
        </Select>
        <p className="mt-1 text-xs text-muted">
          Most hosts add the zone to what you type. If the name then holds {domain.name} twice, choose the
          short form.
        </p>
      </div>
      <div className="flex flex-wrap gap-2">
        <Button
          disabledReason={
            'clipboard' in navigator
              ? undefined
              : 'The browser allows copying over HTTPS or on localhost only.'
          }
          onClick={() =>
            void navigator.clipboard.writeText(file).then(
              () => toast(`${records.length} records copied as a zone file.`),
              () => toast('The browser did not allow copying.'),
            )
          }
        >
          <CopyIcon className="size-3.5" />
          Copy all as zone file
        </Button>
        <Button onClick={() => saveBlob(new Blob([file], { type: 'text/plain' }), `${domain.name}.zone`)}>
          <DownloadIcon className="size-3.5" />
          Download
        </Button>
      </div>
    </div>
  )
}
