import { encodeId } from '../../../kernel/ids.ts'
import { isUuid } from './ids.ts'

/** How a template is named to us: by our id where the vendor's client gives a UUID, else by its alias. */
export function templateRef(named: string): string {
  return isUuid(named) ? encodeId('template', named.toLowerCase()) : named
}
