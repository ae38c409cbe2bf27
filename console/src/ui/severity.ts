import type { Alert } from '@bulkhead/sdk'
import type { Tone } from './chip.tsx'

/** How grave an alert is, in the same colour wherever it is shown. */
export const SEVERITY_TONES: Readonly<Record<Alert['severity'], Tone>> = {
  critical: 'bad',
  high: 'warn',
  medium: 'info',
}
