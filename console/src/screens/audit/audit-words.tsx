/** `api_key.created` → "API key created". */
export function actionWords(action: string): string {
  const [noun = '', verb = ''] = action.split('.')
  const words = `${noun} ${verb}`.replaceAll('_', ' ')
  const capitals = words
    .replaceAll(/\bapi\b/g, 'API')
    .replaceAll(/\bsmtp\b/g, 'SMTP')
    .replaceAll(/\bsso\b/g, 'SSO')
    .replaceAll(/\bdkim\b/g, 'DKIM')
    .replaceAll(/\btls\b/g, 'TLS')
  return capitals.charAt(0).toUpperCase() + capitals.slice(1)
}

const KINDS: Readonly<Record<string, string>> = {
  api_key: 'API key',
  smtp_credential: 'SMTP credential',
  member: 'Person',
  operator: 'Operator',
  staff: 'Staff',
  process: 'Process',
  federation: 'Workload',
}

/** Who acted: the kind in words, the id as it stands in the log. */
export function ActorName({ actor }: { readonly actor: string }) {
  const at = actor.indexOf(':')
  const kind = at === -1 ? actor : actor.slice(0, at)
  const id = at === -1 ? '' : actor.slice(at + 1)
  return (
    <span>
      {KINDS[kind] ?? kind}{' '}
      {id !== '' && <code className="font-mono text-xs break-all text-muted">{id}</code>}
    </span>
  )
}
