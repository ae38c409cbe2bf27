import { splitTxt } from '../../platform/dkim/index.ts'
import type { ZoneRow } from './domains-store.ts'
import { domainLabel, keyRecord } from './records.ts'

/** Short enough that a rotated key is seen soon, long enough that receivers cache it. */
const TTL_SECONDS = 300

/** The delegation zone as master-file lines (RFC 1035 §5.1), to be included into the operator's zone. */
export function zoneText(input: {
  readonly zone: string
  readonly hostname: string
  readonly rows: readonly ZoneRow[]
}): string {
  const keys = input.rows.map(
    (row) =>
      `${row.selector}.${domainLabel(row.domain_id)}.dkim ${TTL_SECONDS} IN TXT ${quoted(
        keyRecord({ algorithm: row.algorithm, publicKey: row.public_key }),
      )}`,
  )
  return [
    `$ORIGIN ${input.zone}.`,
    `rp ${TTL_SECONDS} IN MX 10 ${input.hostname}.`,
    `rp ${TTL_SECONDS} IN TXT ${quoted(`v=spf1 a:${input.hostname} -all`)}`,
    ...keys,
    '',
  ].join('\n')
}

function quoted(text: string): string {
  return splitTxt(text)
    .map((part) => `"${part.replaceAll(/["\\]/g, String.raw`\$&`)}"`)
    .join(' ')
}
