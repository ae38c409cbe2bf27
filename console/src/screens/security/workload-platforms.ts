/** What a person knows of a workload, by platform, and the rule that follows from it. */
export type PlatformName = 'github' | 'gitlab' | 'kubernetes' | 'other'

export interface PlatformField {
  readonly name: string
  readonly label: string
  readonly placeholder: string
  readonly hint?: string
  readonly required: boolean
  readonly initial?: string
}

export interface RuleTerms {
  readonly issuer: string
  readonly subject: string
  readonly claims: Readonly<Record<string, string | boolean>>
}

export interface Platform {
  readonly name: PlatformName
  readonly label: string
  readonly words: string
  readonly fields: readonly PlatformField[]
  /** Which kinds of run the rule is for; none: there is no such choice. */
  readonly when: readonly { readonly name: string; readonly label: string; readonly needs?: string }[]
  /** `answers` by name of the field; undefined while something is missing. */
  readonly terms: (answers: Readonly<Record<string, string>>, when: string) => RuleTerms | undefined
}

const text = (answers: Readonly<Record<string, string>>, name: string): string => (answers[name] ?? '').trim()
const trimmedUrl = (url: string): string => url.replace(/\/+$/, '')

export const PLATFORMS: readonly Platform[] = [
  {
    name: 'github',
    label: 'GitHub Actions',
    words: 'GitHub vouches for jobs of a repository.',
    fields: [
      {
        name: 'repository',
        label: 'Repository',
        placeholder: 'example/shop',
        hint: 'Owner and name, as in the address.',
        required: true,
      },
      { name: 'ref', label: 'Name', placeholder: 'main', required: false, initial: 'main' },
    ],
    when: [
      { name: 'branch', label: 'Jobs of one branch', needs: 'ref' },
      { name: 'environment', label: 'Jobs in one environment', needs: 'ref' },
      { name: 'tag', label: 'Jobs of tags', needs: 'ref' },
      { name: 'any', label: 'Every job, pull requests of forks included' },
    ],
    terms: (answers, when) => {
      const [repository, ref] = [text(answers, 'repository'), text(answers, 'ref')]
      if (!/^[\w.-]+\/[\w.-]+$/.test(repository) || (when !== 'any' && ref === '')) return undefined
      const tail = {
        branch: `ref:refs/heads/${ref}`,
        environment: `environment:${ref}`,
        tag: `ref:refs/tags/${ref}`,
        any: '*',
      }[when]
      return tail === undefined
        ? undefined
        : {
            issuer: 'https://token.actions.githubusercontent.com',
            subject: `repo:${repository}:${tail}`,
            claims: {},
          }
    },
  },
  {
    name: 'gitlab',
    label: 'GitLab CI',
    words: 'GitLab vouches for jobs of a project.',
    fields: [
      {
        name: 'host',
        label: 'GitLab',
        placeholder: 'https://gitlab.com',
        required: true,
        initial: 'https://gitlab.com',
      },
      {
        name: 'project',
        label: 'Project',
        placeholder: 'group/shop',
        hint: 'Its full path.',
        required: true,
      },
      { name: 'ref', label: 'Name', placeholder: 'main', required: false, initial: 'main' },
    ],
    when: [
      { name: 'branch', label: 'Jobs of one branch', needs: 'ref' },
      { name: 'protected', label: 'Jobs of protected branches and tags' },
      { name: 'tag', label: 'Jobs of tags', needs: 'ref' },
      { name: 'any', label: 'Every job' },
    ],
    terms: (answers, when) => {
      const [host, project, ref] = [text(answers, 'host'), text(answers, 'project'), text(answers, 'ref')]
      const needsRef = when === 'branch' || when === 'tag'
      if (!host.startsWith('http') || !project.includes('/') || (needsRef && ref === '')) return undefined
      const tail = needsRef ? `ref_type:${when}:ref:${ref}` : '*'
      return {
        issuer: trimmedUrl(host),
        subject: `project_path:${project}:${tail}`,
        // GitLab says true and false as texts.
        claims: when === 'protected' ? { ref_protected: 'true' } : {},
      }
    },
  },
  {
    name: 'kubernetes',
    label: 'Kubernetes',
    words: 'The cluster vouches for pods of a service account, by projected tokens.',
    fields: [
      {
        name: 'issuer',
        label: 'Issuer of the cluster',
        placeholder: 'https://oidc.cluster.example.com',
        hint: 'kubectl get --raw /.well-known/openid-configuration shows it. It must answer over https.',
        required: true,
      },
      { name: 'namespace', label: 'Namespace', placeholder: 'shop', required: true },
      { name: 'account', label: 'Service account', placeholder: 'mailer', required: true },
    ],
    when: [],
    terms: (answers) => {
      const [issuer, namespace, account] = [
        text(answers, 'issuer'),
        text(answers, 'namespace'),
        text(answers, 'account'),
      ]
      if (!issuer.startsWith('http') || namespace === '' || account === '') return undefined
      return { issuer, subject: `system:serviceaccount:${namespace}:${account}`, claims: {} }
    },
  },
  {
    name: 'other',
    label: 'Other',
    words: 'Anything that gives its workloads OpenID Connect tokens.',
    fields: [
      { name: 'issuer', label: 'Issuer', placeholder: 'https://ci.example.com', required: true },
      {
        name: 'subject',
        label: 'Subject',
        placeholder: 'pipeline:shop:main',
        hint: 'The claim sub. * stands for any characters but “:”, and at the end for any; never at the beginning.',
        required: true,
      },
      {
        name: 'claims',
        label: 'Further claims',
        placeholder: 'environment=production',
        hint: 'name=value, with blanks between; true and false are taken as such.',
        required: false,
      },
    ],
    when: [],
    terms: (answers) => {
      const [issuer, subject] = [text(answers, 'issuer'), text(answers, 'subject')]
      const pairs = text(answers, 'claims')
        .split(/\s+/)
        .filter((pair) => pair !== '')
      if (!issuer.startsWith('http') || subject === '' || pairs.some((pair) => !/^[^=]+=/.test(pair)))
        return undefined
      return {
        issuer,
        subject,
        claims: Object.fromEntries(
          pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), typed(pair.slice(pair.indexOf('=') + 1))]),
        ),
      }
    },
  },
]

function typed(value: string): string | boolean {
  return value === 'true' ? true : value === 'false' ? false : value
}

/** Which platform a rule is of, as far as its issuer tells. */
export function platformOf(rule: { readonly issuer: string; readonly subject: string }): PlatformName {
  if (rule.issuer === 'https://token.actions.githubusercontent.com') return 'github'
  if (rule.subject.startsWith('project_path:')) return 'gitlab'
  if (rule.subject.startsWith('system:serviceaccount:')) return 'kubernetes'
  return 'other'
}
